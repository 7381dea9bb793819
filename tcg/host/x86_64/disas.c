/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host code in logs, by capstone where it is built in. */
#include "config.h"
#ifdef CONFIG_CAPSTONE
#include <capstone/capstone.h>
#endif
#include "tcg/host.h"

static void dump_bytes(const uint8_t *p, const uint8_t *at, size_t n, GString *out)
{
    g_string_append_printf(out, "%p ", (const void *)at);
    for (size_t i = 0; i < n; i++) {
        g_string_append_printf(out, " %02x", p[i]);
    }
    g_string_append_c(out, '\n');
}

#ifdef CONFIG_CAPSTONE
void host_disas(const uint8_t *rw, const uint8_t *rx, size_t bytes, GString *out)
{
    csh cs;
    cs_insn *insn;

    if (cs_open(CS_ARCH_X86, CS_MODE_64, &cs) != CS_ERR_OK) {
        dump_bytes(rw, rx, bytes, out);
        return;
    }
    while (bytes) {
        size_t n = cs_disasm(cs, rw, bytes, (uint64_t)(uintptr_t)rx, 1, &insn);
        size_t used = n ? insn->size : 1;
        if (n) {
            g_string_append_printf(out, "%p  %s %s\n", (const void *)rx, insn->mnemonic, insn->op_str);
            cs_free(insn, n);
        } else {
            dump_bytes(rw, rx, 1, out);     /* data: constants, the pc of a region */
        }
        rw += used;
        rx += used;
        bytes -= used;
    }
    cs_close(&cs);
}
#else
void host_disas(const uint8_t *rw, const uint8_t *rx, size_t bytes, GString *out)
{
    for (size_t at = 0; at < bytes; at += 16) {
        dump_bytes(rw + at, rx + at, bytes - at < 16 ? bytes - at : 16, out);
    }
}
#endif

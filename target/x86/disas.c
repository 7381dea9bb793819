/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Disassembly in Intel syntax from the decoder's rows. */
#include <inttypes.h>
#include <string.h>

#include "target/x86/priv.h"
#include "target/x86/decode.h"
#include "target/x86/translate.h"

static const char *const reg8[] = { "al", "cl", "dl", "bl", "ah", "ch", "dh", "bh" };
static const char *const reg8rex[] = { "al", "cl", "dl", "bl", "spl", "bpl", "sil", "dil" };
static const char *const reg16[] = { "ax", "cx", "dx", "bx", "sp", "bp", "si", "di" };
static const char *const sregs[] = { "es", "cs", "ss", "ds", "fs", "gs", "?", "?" };
static const char *const conditions[] = { "o", "no", "b", "ae", "e", "ne", "be", "a", "s", "ns", "p", "np", "l", "ge", "le", "g" };

static void reg(GString *out, unsigned n, unsigned bytes, bool rex)
{
    if (n >= 8) {
        g_string_append_printf(out, "r%u%s", n, bytes == 1 ? "b" : bytes == 2 ? "w" : bytes == 4 ? "d" : "");
    } else if (bytes == 1) {
        g_string_append(out, rex ? reg8rex[n] : reg8[n]);
    } else {
        g_string_append_printf(out, "%s%s", bytes == 8 ? "r" : bytes == 4 ? "e" : "", reg16[n]);
    }
}

static const char *pointer(unsigned bytes)
{
    switch (bytes) {
    case 1: return "byte ptr ";
    case 2: return "word ptr ";
    case 4: return "dword ptr ";
    case 6: return "fword ptr ";
    case 8: return "qword ptr ";
    case 10: return "xword ptr ";
    case 16: return "xmmword ptr ";
    case 32: return "ymmword ptr ";
    default: return "";
    }
}

static void hex(GString *out, int64_t v, bool sign)
{
    uint64_t u = v < 0 && sign ? -(uint64_t)v : (uint64_t)v;

    g_string_append_printf(out, u < 10 ? "%s%" PRIu64 : "%s0x%" PRIx64, v < 0 && sign ? "-" : "", u);
}

static void memory(GString *out, const struct x86_insn *in, unsigned bytes, bool sized, uint64_t next_pc)
{
    bool any = false;
    int64_t disp = in->disp;

    g_string_append(out, sized ? pointer(bytes) : "");
    if (in->seg >= 0) {
        g_string_append_printf(out, "%s:", sregs[in->seg]);
    }
    g_string_append_c(out, '[');
    if (in->base == X86_RIP) {
        g_string_append(out, in->asize == 8 ? "rip" : "eip");
        any = true;
    } else if (in->base >= 0) {
        reg(out, in->base, in->asize, true);
        any = true;
    }
    if (in->index >= 0) {
        g_string_append(out, any ? " + " : "");
        reg(out, in->index, in->asize, true);
        if (in->asize > 2) {
            g_string_append_printf(out, "*%u", 1u << in->scale);
        }
        any = true;
    }
    if (disp || !any) {
        if (any) {
            g_string_append(out, disp < 0 ? " - " : " + ");
            disp = disp < 0 ? -disp : disp;
        } else {
            disp &= in->asize == 2 ? 0xffff : in->asize == 4 ? UINT32_MAX : UINT64_MAX;
        }
        hex(out, disp, false);
    }
    g_string_append_c(out, ']');
}

static void vector(GString *out, unsigned n, unsigned bytes)
{
    g_string_append_printf(out, "%cmm%u", bytes == 32 ? 'y' : 'x', n);
}

static uint64_t mask_to(int64_t v, unsigned bytes)
{
    return bytes == 8 ? (uint64_t)v : (uint64_t)v & ((1ull << (8 * bytes)) - 1);
}

static void operand(GString *out, const struct x86_insn *in, unsigned i, const struct x86_mode *mode, uint64_t next_pc)
{
    struct x86_operand op = in->row->ops[i];
    unsigned bytes = x86_operand_bytes(in, op), whole = in->row->nops ? x86_operand_bytes(in, in->row->ops[0]) : bytes;
    bool second = i && (in->row->ops[i - 1].kind == X86_OP_I);

    switch (op.kind) {
    case X86_OP_E: case X86_OP_M: case X86_OP_R:
        if (in->mem) {
            memory(out, in, bytes, op.size != X86_SIZE_NONE, next_pc);
        } else {
            reg(out, in->rm, bytes, in->rex);
        }
        break;
    case X86_OP_O: memory(out, in, bytes, true, next_pc); break;
    case X86_OP_G: reg(out, in->reg, bytes, in->rex); break;
    case X86_OP_Z: reg(out, in->rm, bytes, in->rex); break;
    case X86_OP_B: reg(out, in->vvvv, bytes, true); break;
    case X86_OP_A: reg(out, 0, bytes, in->rex); break;
    case X86_OP_SI: hex(out, i ? mask_to(in->imm, whole) : (uint64_t)in->imm, i == 0); break;
    case X86_OP_I:
        if (op.size == X86_SIZE_P) {
            hex(out, in->imm2, false);
            g_string_append(out, ":");
            hex(out, mask_to(in->imm, in->opsize), false);
        } else {
            hex(out, mask_to(second ? in->imm2 : in->imm, op.size == X86_SIZE_Z ? whole : bytes), false);
        }
        break;
    case X86_OP_J: {
        uint64_t to = next_pc + in->imm;

        hex(out, mode->bits == 64 ? to : in->opsize == 2 ? to & 0xffff : to & UINT32_MAX, false);
        break;
    }
    case X86_OP_S: g_string_append(out, sregs[in->reg & 7]); break;
    case X86_OP_C: g_string_append_printf(out, "cr%u", in->reg); break;
    case X86_OP_D: g_string_append_printf(out, "dr%u", in->reg); break;
    case X86_OP_V: vector(out, in->reg, bytes); break;
    case X86_OP_H: vector(out, in->vvvv, bytes); break;
    case X86_OP_W: case X86_OP_U:
        if (in->mem) {
            memory(out, in, bytes, true, next_pc);
        } else {
            vector(out, in->rm, bytes);
        }
        break;
    case X86_OP_P: g_string_append_printf(out, "mm%u", in->reg & 7); break;
    case X86_OP_Q: case X86_OP_N:
        if (in->mem) {
            memory(out, in, bytes, true, next_pc);
        } else {
            g_string_append_printf(out, "mm%u", in->rm & 7);
        }
        break;
    case X86_OP_ONE: g_string_append_c(out, '1'); break;
    case X86_OP_CL: g_string_append(out, "cl"); break;
    case X86_OP_DX: g_string_append(out, "dx"); break;
    }
}

void x86_disas_insn(const struct x86_insn *in, const struct x86_mode *mode, uint64_t next_pc, GString *out)
{
    const struct x86_row *row = in->row;
    const char *plus = strstr(row->name, "+c");

    if (in->lock) {
        g_string_append(out, "lock ");
    }
    if (in->rep && row->prefix < 3 && row->map == 0 && row->nops == 0) {
        g_string_append(out, in->rep == 0xf2 ? "repne " : "rep ");
    }
    if (plus) {
        g_string_append_len(out, row->name, plus - row->name);
        g_string_append(out, conditions[in->opcode & 15]);
    } else {
        g_string_append(out, row->name);
    }
    for (unsigned i = 0; i < row->nops; i++) {
        g_string_append(out, i ? ", " : " ");
        operand(out, in, i, mode, next_pc);
    }
}

unsigned x86_disas(struct cpu *c, uint64_t pc, const uint8_t *bytes, unsigned avail, GString *out)
{
    struct x86_cpu *cpu = x86_cpu(c);
    struct x86_mode mode = {
        .bits = x86_is_64(cpu) ? 64 : cpu->seg[X86_CS].attr & X86_SEG_DB ? 32 : 16, .real = x86_is_real(cpu),
        .features = &cpu->feature,
    };
    struct x86_insn in;

    if (x86_decode(&mode, bytes, avail, &in) != X86_OK) {
        g_string_append_printf(out, ".byte 0x%02x", bytes[0]);
        return 1;
    }
    x86_disas_insn(&in, &mode, pc + in.len, out);
    return in.len;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -d insn-count: how often each row of the instruction tables ran, printed when the CPU goes away. */
#include <inttypes.h>

#include "target/riscv/cpu.h"
#include "target/riscv/decode.h"
#include "util/log.h"

void rv_helper_count(struct rv_cpu *cpu, uint32_t row)
{
    if (!cpu->insn_counts) {
        cpu->insn_counts = g_new0(uint64_t, RV_ROWS + 1);
    }
    cpu->insn_counts[row]++;
}

static gint by_count(gconstpointer a, gconstpointer b, gpointer counts)
{
    uint64_t x = ((const uint64_t *)counts)[*(const uint16_t *)a], y = ((const uint64_t *)counts)[*(const uint16_t *)b];

    return x < y ? 1 : x > y ? -1 : 0;
}

void rv_counts_finish(struct rv_cpu *cpu)
{
    uint16_t order[RV_ROWS + 1];

    if (!cpu->insn_counts) {
        return;
    }
    for (unsigned i = 0; i <= RV_ROWS; i++) {
        order[i] = i;
    }
    g_qsort_with_data(order, RV_ROWS + 1, sizeof(order[0]), by_count, cpu->insn_counts);
    for (unsigned i = 0; i <= RV_ROWS && cpu->insn_counts[order[i]]; i++) {
        log_printf(LOG_INSN_COUNT, "insn-count: cpu %u: %12" PRIu64 " %s\n", cpu->cpu.index, cpu->insn_counts[order[i]],
                   order[i] == RV_ROW_ILLEGAL ? "illegal" : rv_rows[order[i]].name);
    }
    g_clear_pointer(&cpu->insn_counts, g_free);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A second opinion on the RISC-V tables: random encodings of every row, assembled as raw words, must come out of binutils'
 * objdump as the text that our disassembler gives. Rows that this objdump doesn't know are counted, not compared.
 */
#include "target/riscv/decode.h"
#include "target/riscv/disas.h"
#include "target/riscv/ext.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#define TOOL "riscv64-linux-gnu-"
#define EACH 24

static uint32_t pick(void *opaque, const char *field, unsigned bits)
{
    if (field[0] == '_' || !strcmp(field, "fm")) {
        return 0;
    }
    if (!strcmp(field, "csr")) {
        return 0x800 | g_test_rand_int_range(0, 256);   /* custom ones have no name */
    }
    return g_test_rand_int();
}

struct sample {
    uint32_t insn;
    unsigned row;
};

static GArray *make_samples(const struct isa_needs *needs)
{
    GArray *samples = g_array_new(FALSE, FALSE, sizeof(struct sample));

    for (unsigned r = 0; r < RV_ROWS; r++) {
        for (unsigned i = 0; i < EACH; i++) {
            struct sample s;

            if (isa_row_enabled(&rv_rows[r], needs) && isa_encode(&rv_rows[r], pick, NULL, &s.insn)) {
                s.row = rv_decode(s.insn, needs);
                g_array_append_val(samples, s);
            }
        }
    }
    return samples;
}

/* Assembles and disassembles; lines of text, one for each sample. */
static char **objdump(const char *dir, GArray *samples, unsigned xlen)
{
    g_autoptr(GString) source = g_string_new(NULL);
    g_autofree char *s_path = g_build_filename(dir, "a.s", NULL), *o_path = g_build_filename(dir, "a.o", NULL);
    g_autofree char *as = NULL, *dump = NULL, *out = NULL, *errors = NULL;
    g_autoptr(GError) err = NULL;
    g_autoptr(GPtrArray) lines = g_ptr_array_new();
    int status;

    for (unsigned i = 0; i < samples->len; i++) {
        const struct sample *s = &g_array_index(samples, struct sample, i);

        g_string_append_printf(source, ".insn %u, 0x%x\n", rv_rows[s->row].length, s->insn);
    }
    g_assert_true(g_file_set_contents(s_path, source->str, -1, NULL));
    as = g_strdup_printf(TOOL "as -march=rv%ugc_zba_zbb_zbc_zbs_zbkb_zbkc_zicbom_zicbop_zicboz_zihintpause_zawrs_svinval_"
                         "zfh %s -o %s %s", xlen, xlen == 32 ? "-mabi=ilp32d" : "-mabi=lp64d", o_path, s_path);
    g_assert_true(g_spawn_command_line_sync(as, NULL, &errors, &status, &err));
    if (status) {
        g_test_message("%s", errors);
    }
    g_assert_cmpint(status, ==, 0);
    dump = g_strdup_printf(TOOL "objdump -d -z -M no-aliases %s", o_path);
    g_assert_true(g_spawn_command_line_sync(dump, &out, NULL, &status, &err));
    g_assert_cmpint(status, ==, 0);
    for (char *line = strtok(out, "\n"); line; line = strtok(NULL, "\n")) {
        /* "  12:\t00c58533          \tadd\ta0,a1,a2" */
        char *text = strchr(line, '\t');

        text = text ? strchr(text + 1, '\t') : NULL;
        if (text) {
            g_ptr_array_add(lines, g_strdup(text + 1));
        }
    }
    g_ptr_array_add(lines, NULL);
    g_unlink(s_path);
    g_unlink(o_path);
    return (char **)g_ptr_array_steal(lines, NULL);
}

/* objdump's line in our manner: one blank, no comment, addresses with 0x instead of a symbol. */
static char *normal(const char *line)
{
    g_autofree char *text = g_strdup(line);
    char *symbol = strstr(text, " <"), *comment = strstr(text, " #");

    if (comment) {
        *comment = 0;
    }
    g_strdelimit(text, "\t", ' ');
    if (symbol && (!comment || symbol < comment)) {
        char *start;

        *symbol = 0;
        start = MAX(strrchr(text, ','), strrchr(text, ' '));
        return g_strdup_printf("%.*s0x%s", (int)(start + 1 - text), text, start + 1);
    }
    return g_strdup(g_strchomp(text));
}

/* Hints that objdump 2.40 shows, without aliases, as the instruction whose encoding they take: ours, theirs. */
static const char *const same_thing[][2] = {
    { "c.nop", "c.addi zero," }, { "c.slli ", "c.slli64 " }, { "c.srli ", "c.srli64 " }, { "c.srai ", "c.srai64 " },
    { "ntl.", "add zero,zero," }, { "c.ntl.", "c.add zero," },
};

static bool agree(const char *ours, const char *theirs)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(same_thing); i++) {
        if (g_str_has_prefix(ours, same_thing[i][0]) && g_str_has_prefix(theirs, same_thing[i][1])) {
            return true;
        }
    }
    return !strcmp(ours, theirs);
}

static void compare(unsigned xlen)
{
    struct rv_exts exts = { { ~0ull, ~0ull } };
    struct isa_needs needs;
    g_autofree char *dir = g_dir_make_tmp("doppel-objdump-XXXXXX", NULL);
    g_autoptr(GArray) samples = NULL;
    g_auto(GStrv) lines = NULL;
    g_autoptr(GHashTable) unknown = g_hash_table_new(NULL, NULL);
    uint64_t pc = 0;
    unsigned compared = 0;

    rv_needs(&needs, &exts, xlen);
    samples = make_samples(&needs);
    lines = objdump(dir, samples, xlen);
    g_rmdir(dir);
    g_assert_cmpuint(g_strv_length(lines), ==, samples->len);
    for (unsigned i = 0; i < samples->len; i++) {
        const struct sample *s = &g_array_index(samples, struct sample, i);
        g_autoptr(GString) ours = g_string_new(NULL);
        g_autofree char *theirs = normal(lines[i]);

        rv_disas(s->insn, &needs, xlen, pc, ours);
        pc += rv_rows[s->row].length;
        if (theirs[0] == '.' || !strncmp(theirs, "unimp", 5) || !strncmp(theirs, "0x", 2)) {
            g_hash_table_add(unknown, (void *)rv_rows[s->row].name);
            continue;
        }
        compared++;
        if (!agree(ours->str, theirs)) {
            g_test_message("%s: 0x%x: ours '%s', objdump's '%s'", rv_rows[s->row].place, s->insn, ours->str, theirs);
            g_test_fail();
        }
    }
    g_test_message("rv%u: %u encodings compared, %u mnemonics unknown to objdump", xlen, compared,
                   g_hash_table_size(unknown));
    g_assert_cmpuint(compared, >, 2000);
}

static void rv64_text_equals_objdump(void)
{
    compare(64);
}

static void rv32_text_equals_objdump(void)
{
    compare(32);
}

int main(int argc, char **argv)
{
    g_autofree char *as = g_find_program_in_path(TOOL "as"), *dump = g_find_program_in_path(TOOL "objdump");

    g_test_init(&argc, &argv, NULL);
    if (!as || !dump) {
        g_print("1..0 # SKIP no " TOOL "as and " TOOL "objdump (package binutils-riscv64-linux-gnu)\n");
        return 0;
    }
    g_test_add_func("/riscv/objdump/rv64", rv64_text_equals_objdump);
    g_test_add_func("/riscv/objdump/rv32", rv32_text_equals_objdump);
    return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/isa.h"

#include <string.h>

int32_t isa_field_get(const struct isa_field *f, uint32_t insn)
{
    uint32_t v = 0;

    for (unsigned i = 0; i < f->nparts; i++) {
        v |= isa_bits(insn, f->part[i].from, f->part[i].width) << f->part[i].to;
    }
    if (f->is_signed) {
        return (int32_t)(v << (32 - f->bits)) >> (32 - f->bits);
    }
    return f->prime ? v + 8 : v;
}

const struct isa_field *isa_field_find(const struct isa_row *row, const char *name, size_t len)
{
    for (unsigned i = 0; i < row->nfields; i++) {
        if (strlen(row->field[i].name) == len && !memcmp(row->field[i].name, name, len)) {
            return &row->field[i];
        }
    }
    return NULL;
}

bool isa_encode(const struct isa_row *row, isa_pick *pick, void *opaque, uint32_t *insn)
{
    uint32_t v = row->match;

    for (unsigned i = 0; i < row->nfields; i++) {
        const struct isa_field *f = &row->field[i];
        uint32_t raw = pick(opaque, f->name, f->bits);

        for (unsigned p = 0; p < f->nparts; p++) {
            v |= isa_bits(raw, f->part[p].to, f->part[p].width) << f->part[p].from;
        }
    }
    for (unsigned i = 0; i < row->nnot; i++) {
        if ((v & row->not[i].mask) == row->not[i].match) {
            return false;
        }
    }
    *insn = v;
    return true;
}

/* Prints the field reference "name" or "name.kind" that stands at *p and advances *p past it. */
static bool print_word(const struct isa_row *row, uint32_t insn, struct isa_operand *op, const char **p,
                       isa_print_operand *operand, GString *out)
{
    const char *word = *p;
    size_t len = strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789_");
    const struct isa_field *f = isa_field_find(row, word, len);
    char kind[16] = "";

    *p += len;
    if (!f) {
        g_string_append_len(out, word, len);
        return true;
    }
    if (**p == '.') {
        size_t klen = strspn(++*p, "abcdefghijklmnopqrstuvwxyz");

        g_strlcpy(kind, *p, MIN(klen + 1, sizeof(kind)));
        *p += klen;
    }
    op->field = f->name;
    op->kind = kind;
    op->value = isa_field_get(f, insn);
    return operand(out, op);
}

void isa_disas(const struct isa_row *row, uint32_t insn, uint64_t pc, uint64_t pc_mask, isa_print_operand *operand,
               GString *out)
{
    struct isa_operand op = { .insn = insn, .pc = pc, .pc_mask = pc_mask };
    const char *p = row->assembler;
    gsize start;

    g_string_append_len(out, row->name, strcspn(row->name, "_"));
    if (*p == '+') {
        p++;
        print_word(row, insn, &op, &p, operand, out);
        p += strspn(p, " ");
    }
    if (*p) {
        g_string_append_c(out, ' ');
    }
    start = out->len;
    while (*p) {
        gsize before = out->len;

        if (*p == ',') {
            g_string_append_c(out, *p++);
        }
        if (!g_ascii_isalpha(*p)) {
            g_string_append_c(out, *p++);
        } else if (!print_word(row, insn, &op, &p, operand, out)) {
            g_string_truncate(out, before);
        }
    }
    if (out->len == start && start && out->str[start - 1] == ' ') {
        g_string_truncate(out, start - 1);
    }
}

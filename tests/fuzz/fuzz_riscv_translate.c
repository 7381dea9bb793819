/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as RISC-V code, on any set of extensions and in any mode: decoding, disassembling and translating must
 * neither crash nor hang, and make IR that the verifier accepts, before and after the passes.
 *
 * Input: 16 bytes of extensions, 2 of mode, 1 of options, then code, two bytes of which lie in a second page.
 */
#include <string.h>

#include "target/riscv/disas.h"
#include "target/riscv/translate.h"
#include "tests/insn/no_accel.h"

enum { PAGE = 4096, HEAD = 19, CODE_MAX = 256 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
    struct tr_block tb;
    uint8_t code[2 * PAGE];
    unsigned start;                 /* offset of the code */
    bool has_next;
    uint64_t breakpoint;
};

static const uint8_t *next_page(struct tr_block *tb, bool first_insn)
{
    struct input *in = tb->opaque;

    return in->has_next || first_insn ? in->code + PAGE : NULL;
}

static bool breakpoint(struct tr_block *tb, uint64_t pc)
{
    struct input *in = tb->opaque;

    return pc == in->breakpoint;
}

static void check(struct ir *ir)
{
    g_autoptr(GError) err = NULL;

    if (!ir_verify(ir, &err)) {
        g_autoptr(GString) text = g_string_new(NULL);

        ir_print(ir, text);
        g_error("%s\n%s", err->message, text->str);
    }
}

static void translate_all(struct rv_cpu *cpu, struct ir *ir, struct input *in)
{
    static GString *text;
    unsigned offset = in->start;

    text = text ? text : g_string_new(NULL);
    while (offset < PAGE) {
        uint32_t insn;

        in->tb.pc = (in->tb.pc & ~(uint64_t)(PAGE - 1)) | offset;
        rv_translate(&in->tb, ir);
        check(ir);
        ir_optimise(ir, ~0u);
        check(ir);
        g_assert_cmpuint(in->tb.insns, <=, in->tb.max_insns);
        memcpy(&insn, in->code + offset, sizeof(insn));
        g_string_truncate(text, 0);
        rv_disas(insn, &cpu->needs[1], 64, in->tb.pc, text);
        offset += MAX(in->tb.bytes, 2);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct rv_cpu *cpu;
    static struct ir *ir;
    static struct input in;
    uint32_t key;

    if (size < HEAD + 4) {
        return 0;
    }
    cpu = cpu ? cpu : rv_cpu(cpu_alloc(&rv_cpu_type));
    ir = ir ? ir : ir_new();
    memcpy(&cpu->ext, data, sizeof(cpu->ext));
    rv_needs(&cpu->needs[0], &cpu->ext, 32);
    rv_needs(&cpu->needs[1], &cpu->ext, 64);
    key = data[16] | (uint32_t)(data[17] & 7) << 8;
    cpu->mxlen = rv_key_xlen(key);
    size = MIN(size - HEAD, CODE_MAX) & ~1;
    in.start = PAGE + 2 - size;
    memcpy(in.code + in.start, data + HEAD, size);
    in.has_next = data[18] & 1;
    in.breakpoint = data[18] & 2 ? 0x80000ff0 : 1;
    in.tb = (struct tr_block) {
        .pc = data[18] & 4 ? 0xfffff000 : 0x80000000, .key = key, .max_insns = 1 + (data[18] >> 4) * 8,
        .single_step = data[18] & 8, .page = in.code, .next_page = next_page, .breakpoint = breakpoint, .opaque = &in,
        .cpu = &cpu->cpu,
    };
    translate_all(cpu, ir, &in);
    return 0;
}

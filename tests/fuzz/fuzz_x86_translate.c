/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as x86 code, with any features and in any mode: decoding, disassembling and translating must neither crash nor
 * hang, and make IR that the verifier accepts, before and after the passes.
 *
 * Input: 16 bytes of features, 4 of mode, 1 of options, then code, some bytes of which lie in a second page.
 */
#include <string.h>

#include "target/x86/translate.h"
#include "tests/insn/no_accel.h"

enum { PAGE = 4096, HEAD = 21, CODE_MAX = 256, BEYOND = 7 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
    struct tr_block tb;
    uint8_t code[2 * PAGE];
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

static void translate_all(struct cpu *cpu, struct ir *ir, struct input *in, unsigned offset)
{
    static GString *text;

    text = text ? text : g_string_new(NULL);
    while (offset < PAGE) {
        in->tb.pc = (in->tb.pc & ~(uint64_t)(PAGE - 1)) | offset;
        x86_translate(&in->tb, ir);
        check(ir);
        ir_optimise(ir, ~0u);
        check(ir);
        g_assert_cmpuint(in->tb.insns, <=, in->tb.max_insns);
        g_string_truncate(text, 0);
        g_assert_cmpuint(x86_disas(cpu, in->tb.pc, in->code + offset, MIN(15, 2 * PAGE - offset), text), <=, 15);
        offset += MAX(in->tb.bytes, 1);
    }
}

/* Of the keys' bits those that go together. */
static uint32_t key_of(uint32_t v)
{
    if (v & X86_KEY_CS64) {
        v = (v & ~(X86_KEY_CS32 | X86_KEY_ODD | X86_KEY_REAL | X86_KEY_CS)) | X86_KEY_FLAT;
    }
    if (v & X86_KEY_REAL) {
        v &= ~(X86_KEY_FLAT | X86_KEY_ODD);
    }
    if ((v & X86_KEY_CS) == X86_KEY_CS) {
        v &= ~X86_KEY_CS;
    }
    return (v & X86_KEY_CS) == X86_KEY_CS_HERE ? v : v & 0xffff;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct x86_cpu *cpu;
    static struct ir *ir;
    static struct input in;
    uint32_t key;

    if (size < HEAD + BEYOND + 1) {
        return 0;
    }
    cpu = cpu ? cpu : x86_cpu(cpu_alloc(&x86_cpu_type));
    ir = ir ? ir : ir_new();
    memcpy(&cpu->feature, data, MIN(sizeof cpu->feature, 16));
    memcpy(&key, data + 16, sizeof key);
    size = MIN(size - HEAD, CODE_MAX);
    memcpy(in.code + PAGE + BEYOND - size, data + HEAD, size);
    in.has_next = data[20] & 1;
    in.breakpoint = data[20] & 2 ? 0x80000ff0 : 1;
    in.tb = (struct tr_block) {
        .pc = data[20] & 4 ? 0xfffff000 : 0x80000000, .key = key_of(key), .max_insns = 1 + (data[20] >> 4) * 4,
        .single_step = data[20] & 8, .page = in.code, .next_page = next_page, .breakpoint = breakpoint, .opaque = &in,
        .cpu = &cpu->cpu,
    };
    translate_all(&cpu->cpu, ir, &in, PAGE + BEYOND - size);
    return 0;
}

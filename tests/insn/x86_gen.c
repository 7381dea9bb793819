/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/insn/x86_gen.h"

#include <string.h>

#include "target/x86/cpu.h"

static const struct x86_mode mode64 = { .bits = 64 };

/* Names of emit functions are not there at run time: rows are known by mnemonic. */
static bool is_one_of(const char *name, const char *const *list)
{
    for (; *list; list++) {
        if (!strcmp(name, *list)) {
            return true;
        }
    }
    return false;
}

bool x86_gen_wanted(const struct x86_row *row)
{
    static const char *const no[] = {
        "j+c", "jmp", "call", "callf", "jmpf", "ret", "retf", "iret", "int", "int1", "int3", "into", "bound", "loop", "loope",
        "loopne", "jcxz", "in", "out", "ins", "insb", "outs", "outsb", "les", "lds", "lss", "lfs", "lgs", "pop_fs", "pop_gs",
        "push_fs", "push_gs", "popf", "pushf", "enter", "cpuid", "rdtsc", "rdtscp", "rdpid", "rdrand", "rdseed", "hlt",
        "syscall", "sysenter", "sldt", "str", "smsw", "sgdt", "sidt", "lar", "lsl", "verr", "verw", "xgetbv", "pause",
        "rdfsbase", "rdgsbase", "wrfsbase", "wrgsbase", "sysret", "sysexit", "monitor", "mwait", "ud0", "ud1", "ud2",
        "swapgs", "rsm", "clac", "stac", "rdpmc", "clwb", "clflushopt", "prefetchw", "invd", "wbinvd", "cmpxchg8b", "fwait", "fxsave", "rdpkru", "wrpkru", "emms",
        "fxrstor", "xsave", "xrstor", "xsaveopt", "xsavec", NULL,
    };
    static const char *const privileged[] = {
        "rdmsr", "wrmsr", "cli", "sti", "clts", "lldt", "ltr", "lgdt", "lidt", "lmsw", "invlpg", "invpcid", "xsetbv", NULL,
    };

    if (row->map == 0 && row->opcode >= 0xd8 && row->opcode <= 0xdf) {
        return false;                   /* x87: by the host anyway */
    }
    if (row->flags & X86_ROW_I64 || is_one_of(row->name, no) || is_one_of(row->name, privileged)) {
        return false;
    }
    for (unsigned i = 0; i < row->nops; i++) {
        uint8_t k = row->ops[i].kind;

        if (k == X86_OP_S || k == X86_OP_C || k == X86_OP_D || k == X86_OP_J) {
            return false;
        }
    }
    return true;
}

/* ---- random numbers ---- */

static uint32_t below(GRand *r, uint32_t n)
{
    return g_rand_int(r) % n;
}

static uint64_t number(GRand *r)
{
    static const uint64_t corners[] = {
        0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff, 0x7fffffffffffffff,
        0x8000000000000000, 0xffffffffffffffff, 0xfffffffffffffffe, 0xffffffff80000000, 0x100000000, 9, 10, 31, 32, 63, 64,
    };
    uint64_t v = (uint64_t)g_rand_int(r) << 32 | g_rand_int(r);

    switch (below(r, 4)) {
    case 0: return corners[below(r, G_N_ELEMENTS(corners))];
    case 1: return v >> below(r, 64);
    default: return v;
    }
}

/* Eight bytes that mean something as integers or floats */
static uint64_t vector_bits(GRand *r)
{
    static const uint32_t f32[] = {
        0, 0x80000000, 0x3f800000, 0xbf800000, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc00123, 0x7f800001, 0xff812345, 1,
        0x807fffff, 0x00800000, 0x7f7fffff, 0x4f000000, 0xcf000000, 0x4effffff, 0x3f000000, 0x40490fdb, 0x34000000,
    };
    static const uint64_t f64[] = {
        0, 0x8000000000000000, 0x3ff0000000000000, 0xbff0000000000000, 0x7ff0000000000000, 0xfff0000000000000,
        0x7ff8000000000000, 0xfff8000000000123, 0x7ff0000000000001, 0xfff4000000000000, 1, 0x800fffffffffffff,
        0x0010000000000000, 0x7fefffffffffffff, 0x41e0000000000000, 0xc1e0000000200000, 0x43e0000000000000,
        0xc3e0000000000000, 0x41dfffffffc00000, 0x3fe0000000000000, 0x47efffffe0000000, 0x3690000000000000,
    };

    switch (below(r, 5)) {
    case 0: return number(r);
    case 1: return f64[below(r, G_N_ELEMENTS(f64))];
    case 2: return f32[below(r, G_N_ELEMENTS(f32))] | (uint64_t)f32[below(r, G_N_ELEMENTS(f32))] << 32;
    case 3: return 0x3f8000003f800000 ^ ((uint64_t)(g_rand_int(r) & 0x83ffffff) << 32 | (g_rand_int(r) & 0x83ffffff));
    default: return 0x3ff0000000000000 ^ (((uint64_t)g_rand_int(r) << 32 | g_rand_int(r)) & 0x807fffffffffffff);
    }
}

/* ---- encoding ---- */

struct out {
    uint8_t b[16];
    unsigned n;
};

static void byte(struct out *o, unsigned v)
{
    o->b[o->n++] = v;
}

static void little(struct out *o, uint64_t v, unsigned n)
{
    for (unsigned i = 0; i < n; i++, v >>= 8) {
        byte(o, v);
    }
}

static void prefixes(GRand *r, const struct x86_row *row, struct out *o, bool *w)
{
    if (row->flags & X86_ROW_VEX) {
        return;
    }
    if (row->prefix == 2 || (row->prefix != 1 && below(r, 4) == 0)) {
        byte(o, 0x66);
    }
    if (row->flags & X86_ROW_LOCK && below(r, 4) == 0) {
        byte(o, 0xf0);
    }
    if (row->prefix >= 3) {
        byte(o, row->prefix == 3 ? 0xf3 : 0xf2);
    } else if (row->map == 0 && row->nops == 0 && (row->opcode & 0xf0) == 0xa0 && below(r, 2)) {
        byte(o, below(r, 2) ? 0xf3 : 0xf2);     /* strings */
    }
    if (below(r, 16) == 0) {
        byte(o, 0x67);
    }
    if (below(r, 2)) {
        unsigned rex = 0x40 | below(r, 16);

        *w = rex >> 3 & 1;
        byte(o, rex);
    }
}

static bool names_vvvv(const struct x86_row *row)
{
    bool names = false;

    for (unsigned i = 0; i < row->nops; i++) {
        names |= row->ops[i].kind == X86_OP_H || row->ops[i].kind == X86_OP_B;
    }
    return names;
}

static void opcode(GRand *r, const struct x86_row *row, struct out *o)
{
    unsigned op = row->opcode;

    if (row->flags & X86_ROW_VEX) {
        unsigned w = row->flags & X86_ROW_W1 ? 1 : row->flags & X86_ROW_W0 ? 0 : below(r, 2);
        unsigned l = row->flags & X86_ROW_L1 ? 1 : row->flags & X86_ROW_L0 ? 0 : below(r, 2);

        byte(o, 0xc4);
        byte(o, below(r, 8) << 5 | (row->map - 3));
        byte(o, w << 7 | (names_vvvv(row) ? below(r, 16) : 15) << 3 | l << 2 | (row->prefix - 1));
        byte(o, op);
        return;
    }
    if (row->map) {
        byte(o, 0x0f);
    }
    if (row->map >= 2) {
        byte(o, row->map == 2 ? 0x38 : 0x3a);
    }
    if (strstr(row->name, "+c")) {
        op += below(r, 16);
    }
    for (unsigned i = 0; i < row->nops; i++) {
        op += row->ops[i].kind == X86_OP_Z ? below(r, 8) : 0;
    }
    byte(o, op);
}

static void modrm(GRand *r, const struct x86_row *row, struct out *o)
{
    unsigned mod = row->mod == 1 ? below(r, 3) : row->mod == 2 || below(r, 2) ? 3 : below(r, 3);
    unsigned rm = row->rm >= 0 ? (unsigned)row->rm : below(r, 8), reg = row->reg >= 0 ? (unsigned)row->reg : below(r, 8);

    if (!(row->flags & X86_ROW_MODRM)) {
        return;
    }
    byte(o, mod << 6 | reg << 3 | rm);
    if (mod == 3) {
        return;
    }
    if (rm == 4) {
        unsigned sib = below(r, 256);

        byte(o, sib);
        rm = (sib & 7) == 5 && mod == 0 ? 5 : 4;
    }
    if (mod == 1) {
        byte(o, below(r, 256));
    } else if (mod == 2) {
        little(o, (int64_t)(int32_t)g_rand_int(r) >> 12, 4);
    } else if (rm == 5) {
        little(o, X86_DATA + 64 + below(r, X86_DATA_BYTES - 512), 4);   /* absolute; RIP-relative ones are patched */
    }
}

static void immediates(GRand *r, const struct x86_row *row, struct out *o, bool w)
{
    bool osz = memchr(o->b, 0x66, MIN(o->n, 2)) != NULL;
    unsigned v = w ? 8 : osz ? 2 : 4;

    for (unsigned i = 0; i < row->nops; i++) {
        struct x86_operand op = row->ops[i];

        if (op.kind == X86_OP_O) {
            little(o, X86_DATA + 64 + below(r, X86_DATA_BYTES - 512), memchr(o->b, 0x67, MIN(o->n, 4)) ? 4 : 8);
        } else if (op.kind == X86_OP_I || op.kind == X86_OP_SI) {
            unsigned n = op.size == X86_SIZE_B ? 1 : op.size == X86_SIZE_W ? 2 : op.size == X86_SIZE_V ? v : MIN(v, 4);

            little(o, number(r), n);
        } else if (op.kind == X86_OP_L) {
            byte(o, below(r, 256));
        }
    }
}

/* ---- registers that fit ---- */

/* A gather's indices are small; its base register finds the data. */
static bool place_gather(GRand *r, struct x86_insn *in, struct x86_result *s, uint64_t *set)
{
    unsigned index = in->index < 0 ? 4 : in->index;

    if (in->base < 0 || in->base == X86_RIP || in->asize == 4 || *set >> in->base & 1 || index == in->reg ||
        index == in->vvvv || in->reg == in->vvvv || (in->modrm & 7) != 4) {
        return false;
    }
    memset(s->regs.xmm[index], 0, sizeof s->regs.xmm[index]);
    for (unsigned i = 0; i < 8; i += in->opcode & 1 ? 2 : 1) {
        int64_t v = (int64_t)below(r, 64) - 32;

        memcpy(s->regs.xmm[index] + 4 * i, &v, in->opcode & 1 ? 8 : 4);
    }
    s->regs.r[in->base] = X86_DATA + 4096 - in->disp;
    *set |= 1ull << in->base;
    return true;
}

static bool place(GRand *r, struct x86_insn *in, struct out *o, struct x86_result *s, uint64_t *set, unsigned at)
{
    uint64_t *reg = s->regs.r;
    uint64_t target = X86_DATA + 1024 + below(r, X86_DATA_BYTES - 2048), index;
    /* hosts differ in whether the SHA extensions' operands must be aligned; the manual says so */
    bool sha = g_str_has_prefix(in->row->name, "sha1") || g_str_has_prefix(in->row->name, "sha2");

    if (below(r, 2) || sha) {
        target &= ~15ull;
    }
    if (!in->mem || in->row->ops[0].kind == X86_OP_O || in->row->ops[1].kind == X86_OP_O) {
        return true;
    }
    if (g_str_has_prefix(in->row->name, "vpgather") || g_str_has_prefix(in->row->name, "vgather")) {
        return place_gather(r, in, s, set);
    }
    if (in->asize == 4 && in->base != X86_NO_REG && in->base != X86_RIP) {
        return false;                   /* sums that wrap: kept for forms without a base */
    }
    if (in->base == X86_RIP) {
        int32_t disp = target - (X86_CODE + X86_CODE_AT + at + o->n);
        struct x86_insn again;

        /* the displacement stands before the immediates, whose bytes are what follows ModRM and it */
        for (unsigned i = 1; i + 4 <= o->n; i++) {
            int32_t had;

            memcpy(&had, o->b + i, 4);
            if (had == in->disp) {
                memcpy(o->b + i, &disp, 4);
                return x86_decode(&mode64, o->b, o->n, &again) == X86_OK && again.disp == disp && again.row == in->row;
            }
        }
        return false;
    }
    if (in->base == X86_NO_REG) {
        if (sha) {
            return false;
        }
        if (in->index != X86_NO_REG) {
            if (*set >> in->index & 1) {
                return false;
            }
            reg[in->index] = below(r, 16);
            *set |= 1ull << in->index;
        }
        return in->disp >= X86_DATA;
    }
    if (in->index == in->base || *set >> in->base & 1) {
        return false;
    }
    index = in->index == X86_NO_REG ? 0 : reg[in->index] << in->scale;
    reg[in->base] = target - in->disp - index;
    *set |= 1ull << in->base | (in->index == X86_NO_REG ? 0 : 1ull << in->index);
    return true;
}

/* Operands of special instructions. */
static bool special(GRand *r, struct x86_insn *in, struct x86_result *s, uint64_t *set)
{
    const char *name = in->row->name;
    uint64_t *reg = s->regs.r;
    bool is_string = in->row->map == 0 && in->row->nops == 0 && in->opcode >= 0xa4 && in->opcode <= 0xaf && in->opcode != 0xa8;

    if (is_string) {
        if (in->asize == 4 || in->seg >= 0) {
            return false;
        }
        reg[X86_RSI] = X86_DATA + 2048 + below(r, 1024);
        reg[X86_RDI] = X86_DATA + 2048 + below(r, 1024);
        reg[X86_RCX] = below(r, 40);
        *set |= 1 << X86_RSI | 1 << X86_RDI | 1 << X86_RCX;
    } else if (strstr(name, "maskmov") && (strstr(name, "dqu") || strstr(name, "movq"))) {
        reg[X86_RDI] = X86_DATA + 1024 + below(r, 64);
        return in->asize == 8 && in->seg < 0;
    } else if (!strcmp(name, "xlat")) {
        reg[X86_RBX] = X86_DATA + 1024;
        return in->asize == 8;
    } else if (!strcmp(name, "leave")) {
        reg[X86_RBP] = X86_DATA + 2048;
    } else if (g_str_has_prefix(name, "bt") && in->mem && in->row->ops[1].kind == X86_OP_G) {
        if (*set >> in->reg & 1) {
            return false;
        }
        reg[in->reg] = (int64_t)below(r, 4000) - 2000;
        *set |= 1ull << in->reg;
    } else if (!strcmp(name, "bswap")) {
        return in->opsize > 2;
    } else if (!strcmp(name, "div") || !strcmp(name, "idiv")) {
        if (below(r, 2)) {
            reg[X86_RDX] = *set >> X86_RDX & 1 ? reg[X86_RDX] : !strcmp(name, "div") ? 0 : (uint64_t)((int64_t)reg[0] >> 63);
        }
    }
    return true;
}

static uint64_t undefined_flags(const struct x86_insn *in)
{
    static const struct { const char *name; uint64_t flags; } rows[] = {
        { "shl", X86_AF | X86_OF | X86_CF }, { "shr", X86_AF | X86_OF | X86_CF }, { "sar", X86_AF | X86_OF | X86_CF },
        { "rol", X86_OF }, { "ror", X86_OF }, { "rcl", X86_OF }, { "rcr", X86_OF },
        { "shld", X86_AF | X86_OF }, { "shrd", X86_AF | X86_OF },
        { "mul", X86_SF | X86_ZF | X86_AF | X86_PF }, { "imul", X86_SF | X86_ZF | X86_AF | X86_PF },
        { "div", X86_CC }, { "idiv", X86_CC }, { "and", X86_AF }, { "or", X86_AF }, { "xor", X86_AF }, { "test", X86_AF },
        { "bt", X86_OF | X86_SF | X86_AF | X86_PF }, { "bts", X86_OF | X86_SF | X86_AF | X86_PF },
        { "btr", X86_OF | X86_SF | X86_AF | X86_PF }, { "btc", X86_OF | X86_SF | X86_AF | X86_PF },
        { "bsf", X86_CC & ~X86_ZF }, { "bsr", X86_CC & ~X86_ZF },
        { "tzcnt", X86_OF | X86_SF | X86_AF | X86_PF }, { "lzcnt", X86_OF | X86_SF | X86_AF | X86_PF },
        { "andn", X86_AF | X86_PF }, { "blsr", X86_AF | X86_PF }, { "blsmsk", X86_AF | X86_PF }, { "blsi", X86_AF | X86_PF },
        { "bextr", X86_AF | X86_SF | X86_PF }, { "bzhi", X86_AF | X86_PF },
    };
    uint64_t u = 0;
    unsigned last;

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        u |= !strcmp(rows[i].name, in->row->name) ? rows[i].flags : 0;
    }
    if (!in->row->nops) {
        return u;
    }
    last = in->row->ops[in->row->nops - 1].kind;
    if (strchr("sr", *in->row->name) && (last == X86_OP_ONE || (last == X86_OP_I && (in->imm & (in->opsize == 8 ? 63 : 31)) == 1))) {
        u &= ~(uint64_t)(X86_OF | X86_CF);      /* counts of one are defined */
    } else if (strchr("s", *in->row->name) && u & X86_CF && x86_operand_bytes(in, in->row->ops[0]) >= 4) {
        u &= ~(uint64_t)X86_CF;
    }
    return u;
}

/* SHLD and SHRD of words by more than 16: the result is undefined. BSF and BSR of 0, too. */
static bool undefined_result(const struct x86_insn *in, const struct x86_result *s)
{
    if (!strncmp(in->row->name, "sh", 2) && in->row->name[3] == 'd' && in->opsize == 2) {
        return (in->row->ops[2].kind == X86_OP_CL ? s->regs.r[X86_RCX] & 31 : (uint64_t)in->imm & 31) > 16;
    }
    return false;
}

static bool one_insn(GRand *r, const struct x86_row *row, struct x86_case *c, uint64_t *set)
{
    struct out o = { .n = 0 };
    struct x86_insn in;
    bool w = false;

    prefixes(r, row, &o, &w);
    opcode(r, row, &o);
    modrm(r, row, &o);
    immediates(r, row, &o, w);
    if (o.n > 15 || x86_decode(&mode64, o.b, o.n, &in) != X86_OK || in.len != o.n || in.row != row) {
        return false;
    }
    if (!special(r, &in, &c->in, set) || !place(r, &in, &o, &c->in, set, c->n) || undefined_result(&in, &c->in)) {
        return false;
    }
    memcpy(c->bytes + c->n, o.b, o.n);
    c->n += o.n;
    c->row = row;
    c->undefined = undefined_flags(&in);
    return true;
}

bool x86_gen_case(GRand *r, const struct x86_row *row, struct x86_case *c)
{
    uint64_t set = 1 << X86_RSP;

    c->n = 0;
    for (unsigned i = 0; i < 16; i++) {
        c->in.regs.r[i] = number(r);
    }
    c->in.regs.r[X86_RSP] = X86_DATA + 4096 + 8 * below(r, 64);
    c->in.regs.flags = (g_rand_int(r) & (X86_CC | X86_DF)) | X86_FLAGS_1 | X86_IF;
    for (unsigned i = 0; i < X86_DATA_BYTES; i += 8) {
        uint64_t v = below(r, 2) ? vector_bits(r) : number(r);

        memcpy(c->in.data + i, &v, 8);
    }
    for (unsigned i = 0; i < sizeof c->in.regs.xmm; i += 8) {
        uint64_t v = vector_bits(r);

        memcpy((uint8_t *)c->in.regs.xmm + i, &v, 8);
    }
    for (unsigned i = 0; i < 8; i++) {
        c->in.regs.mm[i] = below(r, 2) ? vector_bits(r) : number(r);
    }
    c->in.regs.mxcsr = 0x1f80 | below(r, 4) << 13 | (below(r, 8) ? 0 : below(r, 64)) | (below(r, 4) ? 0 : below(r, 2) << 6 | below(r, 2) << 15);
    return one_insn(r, row, c, &set);
}

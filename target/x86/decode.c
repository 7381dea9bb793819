/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SDM vol. 2, chapter "Instruction Format". */
#include "target/x86/decode.h"

#include <string.h>

enum { LENGTH_MAX = 15 };

struct reader {
    const struct x86_mode *mode;
    const uint8_t *p;
    unsigned avail, at;
    bool more;                      /* ran out of bytes */
    struct x86_insn *in;
};

static uint8_t byte(struct reader *r)
{
    if (r->at >= r->avail) {
        r->more = true;
        return 0;
    }
    return r->p[r->at++];
}

static uint8_t peek(struct reader *r, unsigned ahead)
{
    if (r->at + ahead >= r->avail) {
        r->more = true;
        return 0;
    }
    return r->p[r->at + ahead];
}

/* A little-endian number of 1, 2, 4 or 8 bytes, sign-extended. */
static int64_t number(struct reader *r, unsigned bytes)
{
    uint64_t v = 0;

    for (unsigned i = 0; i < bytes; i++) {
        v |= (uint64_t)byte(r) << (8 * i);
    }
    return bytes == 8 ? (int64_t)v : (int64_t)(v << (64 - 8 * bytes)) >> (64 - 8 * bytes);
}

/* ---- prefixes ---- */

static bool legacy_prefix(struct x86_insn *in, uint8_t b)
{
    static const uint8_t segs[] = { 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65 };
    const uint8_t *seg = memchr(segs, b, sizeof segs);

    if (seg) {
        in->seg = seg - segs;
    } else if (b == 0x66) {
        in->osz = true;
    } else if (b == 0x67) {
        in->asz = true;
    } else if (b == 0xf0) {
        in->lock = true;
    } else if (b == 0xf2 || b == 0xf3) {
        in->rep = b;
    } else {
        return false;
    }
    return true;
}

/* REX, where it stands right before the opcode; its bits in rex. */
static uint8_t prefixes(struct reader *r)
{
    struct x86_insn *in = r->in;
    uint8_t rex = 0;

    for (;;) {
        uint8_t b = peek(r, 0);

        if (r->more || r->at >= LENGTH_MAX) {
            return 0;
        }
        if (legacy_prefix(in, b)) {
            rex = 0;
        } else if (r->mode->bits == 64 && (b & 0xf0) == 0x40) {
            rex = b;
        } else {
            break;
        }
        r->at++;
    }
    in->rex = rex != 0;
    in->w = rex >> 3 & 1;
    return rex;
}

/* C4 and C5 are VEX in 64-bit mode, and elsewhere where they would be LES and LDS of a register. */
static bool is_vex(struct reader *r)
{
    uint8_t b = peek(r, 0);

    return (b == 0xc4 || b == 0xc5) && (r->mode->bits == 64 || (!r->mode->real && peek(r, 1) >= 0xc0));
}

/* Returns the map (1, 2, 3; 0: invalid); rex bits as a REX prefix has them; pp as prefix numbers of rows. */
static unsigned vex(struct reader *r, uint8_t *rex, uint8_t *pp)
{
    static const uint8_t prefix[4] = { 1, 2, 3, 4 };
    struct x86_insn *in = r->in;
    bool three = byte(r) == 0xc4;
    uint8_t a = byte(r), b = a;
    unsigned map = 1;

    *rex = ~a >> 5 & 4;
    if (three) {
        b = byte(r);
        map = a & 31;
        *rex = ~a >> 5 & 7;
        in->w = b >> 7;
    }
    in->vex = true;
    in->l = b >> 2 & 1;
    in->vvvv = ~b >> 3 & 15;
    *pp = prefix[b & 3];
    if (r->mode->bits != 64) {
        *rex = 0;
        in->vvvv &= 7;
        in->w = in->w && three;
    }
    return map <= 3 ? map : 0;
}

static unsigned legacy_map(struct reader *r)
{
    if (peek(r, 0) != 0x0f) {
        return 0;
    }
    r->at++;
    if (peek(r, 0) == 0x38 || peek(r, 0) == 0x3a) {
        return byte(r) == 0x38 ? 2 : 3;
    }
    return 1;
}

/* ---- which row ---- */

static bool prefix_fits(const struct x86_row *row, const struct x86_insn *in, uint8_t pp)
{
    uint8_t have = in->vex ? pp : in->rep == 0xf3 ? 3 : in->rep == 0xf2 ? 4 : in->osz ? 2 : 1;

    return row->prefix == 0 || row->prefix == have;
}

static bool feature_there(const struct x86_mode *m, int16_t f)
{
    return f < 0 || !m->features || m->features->bits[f / 64] >> (f % 64) & 1;
}

static bool row_fits(struct reader *r, const struct x86_row *row, uint8_t pp)
{
    const struct x86_insn *in = r->in;
    uint8_t modrm;

    if ((row->flags & X86_ROW_I64 && r->mode->bits == 64) || (row->flags & X86_ROW_O64 && r->mode->bits != 64) ||
        !prefix_fits(row, in, pp) || !feature_there(r->mode, row->feature)) {
        return false;
    }
    if ((row->flags & X86_ROW_L0 && in->l) || (row->flags & X86_ROW_L1 && !in->l) || (row->flags & X86_ROW_W0 && in->w) ||
        (row->flags & X86_ROW_W1 && !in->w)) {
        return false;
    }
    if (row->reg < 0 && row->mod == 0) {
        return true;
    }
    modrm = peek(r, 0);
    return (row->reg < 0 || (modrm >> 3 & 7) == row->reg) && (row->mod == 0 || (modrm >= 0xc0) == (row->mod == 2)) &&
           (row->rm < 0 || (modrm & 7) == row->rm);
}

static const struct x86_row *find_row(struct reader *r, unsigned map, uint8_t pp)
{
    const uint16_t *list = x86_rows_of(map, r->in->opcode);

    for (; *list != X86_NO_ROW; list++) {
        if (row_fits(r, &x86_rows[*list], pp)) {
            return &x86_rows[*list];
        }
    }
    return NULL;
}

/* ---- ModRM ---- */

static void mem16(struct reader *r)
{
    static const int8_t base[8] = { 3, 3, 5, 5, 6, 7, 5, 3 };      /* BX+SI BX+DI BP+SI BP+DI SI DI BP BX */
    static const int8_t index[8] = { 6, 7, 6, 7, -1, -1, -1, -1 };
    struct x86_insn *in = r->in;
    unsigned rm = in->modrm & 7;

    in->base = base[rm];
    in->index = index[rm];
    if (in->mod == 0 && rm == 6) {
        in->base = X86_NO_REG;
        in->disp = number(r, 2);
    } else {
        in->disp = in->mod == 0 ? 0 : number(r, in->mod == 1 ? 1 : 2);
    }
}

static void mem32(struct reader *r, uint8_t rex)
{
    struct x86_insn *in = r->in;
    unsigned rm = in->modrm & 7;

    in->base = rm | (rex & 1) << 3;
    in->index = X86_NO_REG;
    if (rm == 4) {
        uint8_t sib = byte(r);

        in->index = (sib >> 3 & 7) | (rex & 2) << 2;
        in->index = in->index == 4 ? X86_NO_REG : in->index;
        in->scale = sib >> 6;
        rm = sib & 7;
        in->base = rm | (rex & 1) << 3;
        if (rm == 5 && in->mod == 0) {
            in->base = X86_NO_REG;
            in->disp = number(r, 4);
        }
    } else if (rm == 5 && in->mod == 0) {
        in->base = r->mode->bits == 64 ? X86_RIP : X86_NO_REG;
        in->disp = number(r, 4);
    }
    if (in->mod) {
        in->disp = number(r, in->mod == 1 ? 1 : 4);
    }
}

static bool has_kind(const struct x86_row *row, enum x86_op_kind a, enum x86_op_kind b)
{
    for (unsigned i = 0; i < row->nops; i++) {
        if (row->ops[i].kind == a || row->ops[i].kind == b) {
            return true;
        }
    }
    return false;
}

static void modrm(struct reader *r, uint8_t rex)
{
    struct x86_insn *in = r->in;

    in->modrm = byte(r);
    in->mod = in->modrm >> 6;
    in->reg = (in->modrm >> 3 & 7) | (rex & 4) << 1;
    in->rm = (in->modrm & 7) | (rex & 1) << 3;
    if (in->mod == 3 || has_kind(in->row, X86_OP_C, X86_OP_D)) {    /* MOV CR, DR ignore mod */
        in->mod = 3;
        return;
    }
    in->mem = true;
    if (in->asize == 2) {
        mem16(r);
    } else {
        mem32(r, rex);
    }
}

/* ---- sizes and immediates ---- */

static unsigned operand_size(const struct x86_mode *m, const struct x86_insn *in)
{
    unsigned flags = in->row->flags;

    if (m->bits == 64) {
        if (flags & X86_ROW_F64 || in->w) {
            return 8;
        }
        if (in->osz && in->row->prefix != 2) {
            return 2;
        }
        return flags & X86_ROW_D64 ? 8 : 4;
    }
    return (m->bits == 32) != (in->osz && in->row->prefix != 2) ? 4 : 2;
}

unsigned x86_operand_bytes(const struct x86_insn *in, struct x86_operand op)
{
    switch (op.size) {
    case X86_SIZE_B: return 1;
    case X86_SIZE_W: return 2;
    case X86_SIZE_D: case X86_SIZE_SS: return 4;
    case X86_SIZE_Q: case X86_SIZE_SD: return 8;
    case X86_SIZE_Z: return MIN(in->opsize, 4);
    case X86_SIZE_Y: return in->w ? 8 : 4;
    case X86_SIZE_P: return in->opsize + 2;
    case X86_SIZE_A: return in->opsize * 2;
    case X86_SIZE_T: return 10;
    case X86_SIZE_S: return 6;
    case X86_SIZE_DQ: return 16;
    case X86_SIZE_QQ: return 32;
    case X86_SIZE_PS: case X86_SIZE_PD: case X86_SIZE_X: return in->l ? 32 : 16;
    default: return in->opsize;
    }
}

static void immediate(struct reader *r, struct x86_operand op, bool *first)
{
    struct x86_insn *in = r->in;
    int64_t v;

    switch (op.kind) {
    case X86_OP_I:
    case X86_OP_SI:
    case X86_OP_J:
        if (op.size == X86_SIZE_P) {
            in->imm = number(r, in->opsize);
            in->imm2 = (uint16_t)number(r, 2);
            return;
        }
        v = number(r, x86_operand_bytes(in, op));
        break;
    case X86_OP_O:
        in->mem = true;
        in->base = in->index = X86_NO_REG;
        in->disp = number(r, in->asize);
        return;
    case X86_OP_L:
        v = (uint8_t)number(r, 1);
        break;
    default:
        return;
    }
    *(*first ? &in->imm : &in->imm2) = v;
    *first = false;
}

/* A LOCK prefix needs a form that takes it, writing to memory. */
static bool lock_allowed(const struct x86_insn *in)
{
    return in->row->flags & X86_ROW_LOCK && in->mem;
}

static enum x86_decoded finish(struct reader *r, bool ok)
{
    if (r->more) {
        if (r->avail >= LENGTH_MAX) {
            r->in->len = LENGTH_MAX;
            return X86_TOO_LONG;
        }
        return X86_MORE;
    }
    r->in->len = MAX(r->at, 1);
    return r->at > LENGTH_MAX ? X86_TOO_LONG : ok ? X86_OK : X86_INVALID;
}

enum x86_decoded x86_decode(const struct x86_mode *mode, const uint8_t *bytes, unsigned avail, struct x86_insn *in)
{
    struct reader r = { .mode = mode, .p = bytes, .avail = avail, .in = in };
    uint8_t rex, pp = 0;
    bool first = true;
    unsigned map;

    memset(in, 0, sizeof *in);
    in->seg = -1;
    in->base = in->index = X86_NO_REG;
    rex = prefixes(&r);
    if (r.at >= LENGTH_MAX) {
        in->len = LENGTH_MAX;
        return X86_TOO_LONG;
    }
    if (r.more) {
        return finish(&r, false);
    }
    if (is_vex(&r)) {
        bool bad = in->rex || in->lock || in->rep || in->osz;

        map = vex(&r, &rex, &pp);
        if (bad || !map) {
            return finish(&r, false);
        }
        map += 3;
    } else {
        map = legacy_map(&r);
    }
    in->map = map;
    in->opcode = byte(&r);
    if (r.more) {
        return finish(&r, false);
    }
    in->row = find_row(&r, map, pp);
    if (!in->row || r.more) {
        return finish(&r, false);
    }
    in->asize = mode->bits == 64 ? in->asz ? 4 : 8 : (mode->bits == 32) != in->asz ? 4 : 2;
    in->opsize = operand_size(mode, in);
    in->rm = (in->opcode & 7) | (rex & 1) << 3;     /* for Z operands */
    if (in->row->flags & X86_ROW_MODRM) {
        modrm(&r, rex);
    }
    for (unsigned i = 0; i < in->row->nops; i++) {
        immediate(&r, in->row->ops[i], &first);
    }
    if (in->vvvv && !has_kind(in->row, X86_OP_H, X86_OP_B)) {       /* VEX.vvvv that names nothing must be 1111b */
        return finish(&r, false);
    }
    /* M operands are memory, R U N ones registers */
    if (in->row->flags & X86_ROW_MODRM &&
        ((has_kind(in->row, X86_OP_M, X86_OP_M) && !in->mem) ||
         (in->mem && (has_kind(in->row, X86_OP_R, X86_OP_U) || has_kind(in->row, X86_OP_N, X86_OP_N))))) {
        return finish(&r, false);
    }
    if (in->vex && in->vvvv && !has_kind(in->row, X86_OP_B, X86_OP_H)) {
        return finish(&r, false);
    }
    return finish(&r, !in->lock || lock_allowed(in));
}

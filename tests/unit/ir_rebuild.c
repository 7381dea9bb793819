/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/ir_rebuild.h"

struct rebuild {
    struct ir *to;
    const struct ir *from;
    ir_ref *map;
};

static ir_ref mapped(struct rebuild *r, ir_ref v)
{
    return ir_is_const(v) ? ir_const(r->to, ir_type_of(r->from, v), ir_const_value(r->from, v)) : r->map[v];
}

static const ir_ref *mapped_list(struct rebuild *r, const ir_ref *refs, unsigned n, ir_ref *out)
{
    for (unsigned k = 0; k < n; k++) {
        out[k] = mapped(r, refs[k]);
    }
    return out;
}

static ir_ref rebuild_insn(struct rebuild *r, const struct ir_insn *i)
{
    struct ir *to = r->to;
    const ir_ref *pool = r->from->args;
    ir_ref a = ir_ops[i->op].values > 0 ? mapped(r, i->a) : 0, b = ir_ops[i->op].values > 1 ? mapped(r, i->b) : 0;
    ir_ref list[256], list2[256];

    switch (i->op) {
    case IR_OP_NONE: return 0;
    case IR_OP_get: return ir_get(to, i->imm);
    case IR_OP_put: ir_put(to, i->imm, a); return 0;
    case IR_OP_param: return ir_param(to, i->type);
    case IR_OP_insn: ir_insn_start(to, i->imm, i->sub); return 0;
    case IR_OP_br: ir_br(to, i->imm, i->c, mapped_list(r, pool + i->b, i->c, list)); return 0;
    case IR_OP_brcond:
        pool += i->c;
        ir_brcond_args(to, i->sub, a, b, (uint32_t)i->imm, *pool, mapped_list(r, pool + 1, *pool, list),
                       (uint64_t)i->imm >> 32, pool[*pool + 1], mapped_list(r, pool + *pool + 2, pool[*pool + 1], list2));
        return 0;
    case IR_OP_goto_pc: ir_goto_pc(to, i->imm, i->sub); return 0;
    case IR_OP_goto_ind: ir_goto_ind(to, a); return 0;
    case IR_OP_exit: ir_exit(to, i->imm); return 0;
    case IR_OP_call: return ir_call(to, i->imm, i->c, mapped_list(r, pool + i->b, i->c, list));
    case IR_OP_fpflags: return ir_fpflags(to);
    case IR_OP_fpsetflags: ir_fpsetflags(to, a); return 0;
    case IR_OP_fence: ir_fence(to, i->sub); return 0;
    case IR_OP_setcond: return ir_setcond(to, i->sub, a, b);
    case IR_OP_select:
        return ir_select(to, i->sub, a, b, mapped(r, pool[i->c]), mapped(r, pool[i->c + 1]));
    case IR_OP_ld: return ir_ld(to, i->type, a, i->imm, i->mem);
    case IR_OP_st: ir_st(to, a, i->imm, b, i->mem); return 0;
    case IR_OP_rmw: return ir_rmw(to, i->sub, ir_add(to, a, ir_i64(to, i->imm)), b, i->mem);
    case IR_OP_cas: return ir_cas(to, ir_add(to, a, ir_i64(to, i->imm)), b, mapped(r, i->c), i->mem);
    case IR_OP_probe: ir_probe(to, a, i->imm, i->mem); return 0;
    case IR_OP_fma: return ir_fma(to, a, b, mapped(r, i->c), i->sub);
    case IR_OP_fcmp: return ir_fcmp(to, i->sub, a, b);
    case IR_OP_fcopysign: return ir_fcopysign(to, a, b, i->sub);
    case IR_OP_fcvt_fx: case IR_OP_fcvt_ff: case IR_OP_fcvt_fs: case IR_OP_fcvt_fu: case IR_OP_fcvt_sf: case IR_OP_fcvt_uf:
        return ir_fcvt(to, i->op, i->type, a, i->sub);
    case IR_OP_v1: case IR_OP_vf1: return ir_vop1(to, i->sub, a, i->imm);
    case IR_OP_v2: case IR_OP_vf2: return ir_vop2(to, i->sub, a, b, i->imm);
    case IR_OP_v3: case IR_OP_vf3: return ir_vop3(to, i->sub, a, b, mapped(r, i->c));
    case IR_OP_vdup: return ir_vdup(to, i->sub, a);
    case IR_OP_vfrom: return ir_vfrom(to, a);
    case IR_OP_vget: return ir_vget(to, i->type, i->sub, a, i->imm);
    case IR_OP_vset: return ir_vset(to, i->sub, a, i->imm, b);
    case IR_OP_vmask: return ir_vmask(to, i->sub, a);
    case IR_OP_vtest: return ir_vtest(to, i->sub, a, b);
    case IR_OP_fixnan: return ir_fixnan(to, a, b, mapped(r, i->c), i->sub, i->imm);
    case IR_OP_fixnan3:
        return ir_fixnan3(to, a, b, mapped(r, r->from->args[i->c]), mapped(r, r->from->args[i->c + 1]), i->sub, i->imm);
    default:
        return ir_ops[i->op].values == 1 ? ir_emit1(to, i->op, i->type, a) : ir_emit2(to, i->op, i->type, a, b);
    }
}

void ir_rebuild(struct ir *to, const struct ir *from)
{
    struct rebuild r = { to, from, g_new0(ir_ref, from->ninsns) };

    ir_reset(to, from->target);
    for (unsigned b = 0; b < from->nblocks; b++) {
        ir_block_new(to);
    }
    for (unsigned at = 1, k = 1; at < from->ninsns; at = k) {
        unsigned b = 0;

        while (from->blocks[b].first != at) {
            b++;
        }
        ir_begin(to, b);
        to->blocks[b].cold = from->blocks[b].cold;
        for (; k < from->blocks[b].end; k++) {
            r.map[k] = rebuild_insn(&r, &from->insns[k]);
            if (r.map[k] && from->insns[k].flags & IR_NONCANON) {
                r.map[k] = ir_noncanon(to, r.map[k]);
            }
        }
    }
    g_free(r.map);
}

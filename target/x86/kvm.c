/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * x86 CPUs on x86 hosts under KVM: feature bits, and the registers between the kernel and struct x86_cpu (Linux
 * Documentation/virt/kvm/api.rst; SDM volume 1, chapter 13 for the XSAVE area).
 *
 * A host may refuse some model-specific registers or feature bits: each such register is left out from then on, with
 * one warning for all of them.
 */
#include <errno.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>

#include "system/kvm.h"
#include "system/machine.h"
#include "target/x86/cpu.h"
#include "target/x86/model.h"
#include "util/log.h"

#define ENTRIES_MAX 256
#define MSRS_MAX 256

/* Three pages for real mode on old processors and one for its page table, out of RAM's way (api.rst,
 * KVM_SET_TSS_ADDR); boards reserve them. */
#define IDENTITY_MAP 0xfeffc000ull
#define TSS_PAGES 0xfeffd000ull

static GQuark quark(void)
{
    return g_quark_from_static_string("kvm");
}

static bool vm_init(int dev_fd, int vm_fd, GError **err)
{
    uint64_t identity = IDENTITY_MAP;

    if (ioctl(vm_fd, KVM_SET_IDENTITY_MAP_ADDR, &identity) < 0 || ioctl(vm_fd, KVM_SET_TSS_ADDR, TSS_PAGES) < 0) {
        g_set_error(err, quark(), 0, "-accel kvm: the kernel refuses its pages for real mode: %s", g_strerror(errno));
        return false;
    }
    return true;
}

/* ---- feature bits ---- */

struct cpuid_list {
    uint32_t nent, padding;
    struct kvm_cpuid_entry2 entries[ENTRIES_MAX];
};

static const struct kvm_cpuid_entry2 *find(const struct cpuid_list *l, uint32_t leaf, uint32_t sub)
{
    for (uint32_t i = 0; i < l->nent; i++) {
        const struct kvm_cpuid_entry2 *e = &l->entries[i];

        if (e->function == leaf && (!(e->flags & KVM_CPUID_FLAG_SIGNIFCANT_INDEX) || e->index == sub)) {
            return e;
        }
    }
    return NULL;
}

/* The words of CPUID that are feature bits: these are what the model has and KVM supports. */
static void restrict_features(struct kvm_cpuid_entry2 *e, const struct cpuid_list *supported)
{
    static const struct {
        uint32_t leaf, sub;
        bool eax, ebx, ecx, edx;
    } words[] = {
        { 1, 0, false, false, true, true }, { 7, 0, false, true, true, true }, { 7, 1, true, true, true, true },
        { 0xd, 1, true, false, false, false }, { 0x80000001, 0, false, false, true, true },
        { 0x80000007, 0, false, false, false, true }, { 0x80000008, 0, false, true, false, false },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        const struct kvm_cpuid_entry2 *s;

        if (e->function != words[i].leaf || e->index != words[i].sub) {
            continue;
        }
        s = find(supported, words[i].leaf, words[i].sub);
        e->eax &= words[i].eax ? (s ? s->eax : 0) : UINT32_MAX;
        e->ebx &= words[i].ebx ? (s ? s->ebx : 0) : UINT32_MAX;
        e->ecx &= words[i].ecx ? (s ? s->ecx : 0) : UINT32_MAX;
        e->edx &= words[i].edx ? (s ? s->edx : 0) : UINT32_MAX;
    }
}

static bool has_subleaves(uint32_t leaf)
{
    return leaf == 4 || leaf == 7 || leaf == 0xb || leaf == 0xd || leaf == 0x1f || leaf == 0x8000001d;
}

static void add_leaf(struct x86_cpu *cpu, struct cpuid_list *l, const struct cpuid_list *supported, uint32_t leaf,
                     uint32_t sub)
{
    struct kvm_cpuid_entry2 *e = &l->entries[l->nent];
    uint32_t out[4];

    if (l->nent == ENTRIES_MAX) {
        return;
    }
    x86_cpuid(cpu, leaf, sub, out);
    *e = (struct kvm_cpuid_entry2) {
        .function = leaf, .index = sub, .flags = has_subleaves(leaf) ? KVM_CPUID_FLAG_SIGNIFCANT_INDEX : 0,
        .eax = out[0], .ebx = out[1], .ecx = out[2], .edx = out[3],
    };
    restrict_features(e, supported);
    l->nent++;
}

static void add_range(struct x86_cpu *cpu, struct cpuid_list *l, const struct cpuid_list *supported, uint32_t first,
                      uint32_t last)
{
    for (uint32_t leaf = first; leaf <= last && leaf - first < 0x40; leaf++) {
        for (uint32_t sub = 0; sub < (has_subleaves(leaf) ? leaf == 0xd ? 10 : 4 : 1); sub++) {
            add_leaf(cpu, l, supported, leaf, sub);
        }
    }
}

/* What differs between the CPUs of a machine: the APIC's number. */
static void number(struct cpuid_list *l, unsigned index, unsigned cpus)
{
    for (uint32_t i = 0; i < l->nent; i++) {
        struct kvm_cpuid_entry2 *e = &l->entries[i];

        if (e->function == 1) {
            e->ebx = (e->ebx & 0xffff) | index << 24 | (cpus > 1 ? MIN(cpus, 255) << 16 : 0);
            e->edx = cpus > 1 ? e->edx | 1u << 28 : e->edx;
            e->ecx |= 1u << 31;         /* runs under a hypervisor */
        } else if (e->function == 0xb || e->function == 0x1f) {
            e->edx = index;
        } else if (e->function == 4 || e->function == 0x8000001d) {
            e->eax &= ~0xfc000000u;     /* cores: one thread each, one core in each package */
        }
    }
}

static bool cpuid_init(struct kvm_vcpu *v, GError **err)
{
    struct x86_cpu *cpu = x86_cpu(v->cpu);
    g_autofree struct cpuid_list *supported = g_new0(struct cpuid_list, 1), *list = NULL;
    const struct kvm_cpuid_entry2 *e;

    supported->nent = ENTRIES_MAX;
    if (ioctl(v->dev_fd, KVM_GET_SUPPORTED_CPUID, supported) < 0) {
        g_set_error(err, quark(), 0, "-accel kvm: KVM_GET_SUPPORTED_CPUID: %s", g_strerror(errno));
        return false;
    }
    if (cpu->host) {
        list = g_memdup2(supported, sizeof(*supported));
    } else {
        list = g_new0(struct cpuid_list, 1);
        add_range(cpu, list, supported, 0, cpu->level);
        add_range(cpu, list, supported, 0x80000000, cpu->xlevel);
        for (uint32_t leaf = 0x40000000; leaf <= 0x40000001; leaf++) {
            e = find(supported, leaf, 0);
            if (e && list->nent < ENTRIES_MAX) {
                list->entries[list->nent++] = *e;
            }
        }
    }
    number(list, v->cpu->index, v->cpu->machine->opt.cpus);
    if (ioctl(v->fd, KVM_SET_CPUID2, list) < 0) {
        g_set_error(err, quark(), 0, "-accel kvm: the kernel refuses the features of -cpu %s: %s",
                    cpu->model ? cpu->model : "?", g_strerror(errno));
        return false;
    }
    return true;
}

/* ---- segments, tables, control registers ---- */

static void seg_from_kvm(struct x86_seg *s, const struct kvm_segment *k)
{
    s->sel = k->selector;
    s->base = k->base;
    s->limit = k->limit;
    s->attr = k->unusable ? 0 : k->type | k->s << 4 | k->dpl << X86_SEG_DPL_SHIFT | k->present << 7 | k->avl << 12 |
                                k->l << 13 | k->db << 14 | k->g << 15;
}

static void seg_to_kvm(struct kvm_segment *k, const struct x86_seg *s)
{
    *k = (struct kvm_segment) {
        .selector = s->sel, .base = s->base, .limit = s->limit, .type = s->attr & X86_SEG_TYPE, .s = s->attr >> 4 & 1,
        .dpl = s->attr >> X86_SEG_DPL_SHIFT & 3, .present = s->attr >> 7 & 1, .avl = s->attr >> 12 & 1,
        .l = s->attr >> 13 & 1, .db = s->attr >> 14 & 1, .g = s->attr >> 15 & 1, .unusable = !s->attr,
    };
}

static struct kvm_segment *seg_of(struct kvm_sregs *s, unsigned n)
{
    struct kvm_segment *const all[X86_SEGS] = {
        [X86_ES] = &s->es, [X86_CS] = &s->cs, [X86_SS] = &s->ss, [X86_DS] = &s->ds, [X86_FS] = &s->fs,
        [X86_GS] = &s->gs, [X86_LDTR] = &s->ldt, [X86_TR] = &s->tr,
    };

    return all[n];
}

static void sregs_from_kvm(struct x86_cpu *cpu, struct kvm_sregs *s)
{
    for (unsigned n = 0; n < X86_SEGS; n++) {
        seg_from_kvm(&cpu->seg[n], seg_of(s, n));
    }
    cpu->gdt = (struct x86_table) { s->gdt.base, s->gdt.limit };
    cpu->idt = (struct x86_table) { s->idt.base, s->idt.limit };
    cpu->cr0 = s->cr0;
    cpu->cr2 = s->cr2;
    cpu->cr3 = s->cr3;
    cpu->cr4 = s->cr4;
    cpu->efer = s->efer;
}

static void sregs_to_kvm(const struct kvm_vcpu *v, struct kvm_sregs *s, bool reset)
{
    const struct x86_cpu *cpu = x86_cpu(v->cpu);

    for (unsigned n = 0; n < X86_SEGS; n++) {
        seg_to_kvm(seg_of(s, n), &cpu->seg[n]);
    }
    s->gdt.base = cpu->gdt.base;
    s->gdt.limit = cpu->gdt.limit;
    s->idt.base = cpu->idt.base;
    s->idt.limit = cpu->idt.limit;
    s->cr0 = cpu->cr0;
    s->cr2 = cpu->cr2;
    s->cr3 = cpu->cr3;
    s->cr4 = cpu->cr4;
    s->efer = cpu->efer;
    if (reset) {
        s->apic_base = 0xfee00800 | (v->cpu->index ? 0 : 0x100);
        s->cr8 = 0;
        memset(s->interrupt_bitmap, 0, sizeof(s->interrupt_bitmap));
    }
}

/* ---- general registers ---- */

static __u64 *reg_of(struct kvm_regs *r, unsigned n)
{
    __u64 *const all[16] = { &r->rax, &r->rcx, &r->rdx, &r->rbx, &r->rsp, &r->rbp, &r->rsi, &r->rdi,
                             &r->r8, &r->r9, &r->r10, &r->r11, &r->r12, &r->r13, &r->r14, &r->r15 };

    return all[n];
}

/* ---- x87, SSE, AVX: the XSAVE area ---- */

enum { X_FCW = 0, X_FSW = 2, X_FTW = 4, X_FOP = 6, X_FIP = 8, X_FDP = 16, X_MXCSR = 24, X_ST = 32, X_XMM = 160,
       X_BV = 512, X_YMM = 576 };

static void xsave_from_kvm(struct x86_cpu *cpu, const uint8_t *x)
{
    uint32_t mxcsr;
    uint16_t sw;
    uint64_t bv;

    memcpy(&cpu->fpu_cw, x + X_FCW, 2);
    memcpy(&sw, x + X_FSW, 2);
    cpu->fpu_top = sw >> 11 & 7;
    cpu->fpu_sw = sw & ~(7u << 11);
    cpu->fpu_valid = x[X_FTW];
    memcpy(&cpu->fpu_op, x + X_FOP, 2);
    memcpy(&cpu->fpu_ip, x + X_FIP, 8);
    memcpy(&cpu->fpu_dp, x + X_FDP, 8);
    memcpy(&mxcsr, x + X_MXCSR, 4);
    x86_set_mxcsr(cpu, mxcsr);
    memcpy(&bv, x + X_BV, 8);
    for (unsigned i = 0; i < 8; i++) {
        struct x86_fpreg *r = &cpu->st[(cpu->fpu_top + i) & 7];

        memcpy(&r->mantissa, x + X_ST + 16 * i, 8);
        memcpy(&r->exponent, x + X_ST + 16 * i + 8, 2);
    }
    for (unsigned i = 0; i < 16; i++) {
        memcpy(&cpu->zmm[i][0], x + X_XMM + 16 * i, 16);
        if (bv & X86_XCR0_AVX) {
            memcpy(&cpu->zmm[i][2], x + X_YMM + 16 * i, 16);
        } else {
            cpu->zmm[i][2] = cpu->zmm[i][3] = 0;
        }
    }
}

static void xsave_to_kvm(const struct x86_cpu *cpu, uint8_t *x)
{
    uint16_t sw = cpu->fpu_sw | cpu->fpu_top << 11;
    uint32_t mxcsr = x86_mxcsr(cpu);
    uint64_t bv;

    memcpy(x + X_FCW, &cpu->fpu_cw, 2);
    memcpy(x + X_FSW, &sw, 2);
    x[X_FTW] = cpu->fpu_valid;
    memcpy(x + X_FOP, &cpu->fpu_op, 2);
    memcpy(x + X_FIP, &cpu->fpu_ip, 8);
    memcpy(x + X_FDP, &cpu->fpu_dp, 8);
    memcpy(x + X_MXCSR, &mxcsr, 4);
    memcpy(&bv, x + X_BV, 8);
    bv |= X86_XCR0_X87 | X86_XCR0_SSE | (cpu->xcr0 & X86_XCR0_AVX);
    memcpy(x + X_BV, &bv, 8);
    for (unsigned i = 0; i < 8; i++) {
        const struct x86_fpreg *r = &cpu->st[(cpu->fpu_top + i) & 7];

        memcpy(x + X_ST + 16 * i, &r->mantissa, 8);
        memcpy(x + X_ST + 16 * i + 8, &r->exponent, 2);
    }
    for (unsigned i = 0; i < 16; i++) {
        memcpy(x + X_XMM + 16 * i, &cpu->zmm[i][0], 16);
        if (cpu->xcr0 & X86_XCR0_AVX) {
            memcpy(x + X_YMM + 16 * i, &cpu->zmm[i][2], 16);
        }
    }
}

/* ---- model-specific registers ---- */

struct msr_list {
    uint32_t nmsrs, pad;
    struct kvm_msr_entry entries[MSRS_MAX];
};

/* Numbers that this host takes: those of our rows that KVM lists, less what it has refused. */
struct msrs {
    bool warned;
    unsigned count;
    uint16_t row[MSRS_MAX];
};

static struct msrs *msrs_new(int dev_fd)
{
    struct msrs *msrs = g_new0(struct msrs, 1);
    struct {
        uint32_t nmsrs;
        uint32_t indices[2048];
    } *all = g_malloc0(sizeof(*all));

    all->nmsrs = 2048;
    if (ioctl(dev_fd, KVM_GET_MSR_INDEX_LIST, all) < 0) {
        all->nmsrs = 0;
    }
    for (unsigned r = 0; r < x86_msr_nrows && msrs->count < MSRS_MAX; r++) {
        for (uint32_t i = 0; i < all->nmsrs; i++) {
            if (all->indices[i] == x86_msr_rows[r].number) {
                msrs->row[msrs->count++] = r;
                break;
            }
        }
    }
    g_free(all);
    return msrs;
}

static void refused(struct kvm_vcpu *v, unsigned n)
{
    struct msrs *msrs = v->arch;

    if (!msrs->warned && !v->cpu->index) {
        g_printerr("doppel: warning: KVM on this host refuses MSR 0x%x (%s); it is left to KVM, and so are others that "
                   "it refuses\n", x86_msr_rows[msrs->row[n]].number, x86_msr_rows[msrs->row[n]].name);
    }
    msrs->warned = true;
    msrs->count--;
    memmove(msrs->row + n, msrs->row + n + 1, (msrs->count - n) * sizeof(msrs->row[0]));
}

static uint64_t *msr_field(struct kvm_vcpu *v, unsigned n)
{
    const struct msrs *msrs = v->arch;

    return (uint64_t *)((uint8_t *)v->cpu + x86_msr_rows[msrs->row[n]].offset);
}

/* All registers of the list, again without the one at which the kernel stopped. */
static bool transfer_msrs(struct kvm_vcpu *v, bool put)
{
    struct msrs *msrs = v->arch;
    g_autofree struct msr_list *l = g_new0(struct msr_list, 1);
    int done;

    for (;;) {
        l->nmsrs = msrs->count;
        for (unsigned i = 0; i < msrs->count; i++) {
            l->entries[i].index = x86_msr_rows[msrs->row[i]].number;
            l->entries[i].data = put ? *msr_field(v, i) : 0;
        }
        done = ioctl(v->fd, put ? KVM_SET_MSRS : KVM_GET_MSRS, l);
        if (done < 0 || done >= (int)msrs->count) {
            break;
        }
        refused(v, done);
    }
    for (int i = 0; !put && i < done; i++) {
        *msr_field(v, i) = l->entries[i].data;
    }
    return done >= 0;
}

/* ---- events and the rest ---- */

static bool get_events(struct kvm_vcpu *v)
{
    struct x86_cpu *cpu = x86_cpu(v->cpu);
    struct kvm_vcpu_events e;
    struct kvm_mp_state mp;

    if (ioctl(v->fd, KVM_GET_VCPU_EVENTS, &e) < 0) {
        return false;
    }
    cpu->inhibit = e.interrupt.shadow;
    cpu->nmi_blocked = e.nmi.masked;
    cpu->nmi_pending = e.nmi.pending;
    if (v->kernel_apic && !ioctl(v->fd, KVM_GET_MP_STATE, &mp)) {
        v->cpu->halted = mp.mp_state == KVM_MP_STATE_HALTED;
    }
    return true;
}

static bool put_events(struct kvm_vcpu *v, bool reset)
{
    struct kvm_vcpu_events e = { 0 };
    struct kvm_mp_state mp = { KVM_MP_STATE_RUNNABLE };

    if (!reset) {
        return true;        /* the kernel's own are better than what we know of them */
    }
    if (ioctl(v->fd, KVM_SET_VCPU_EVENTS, &e) < 0) {
        return false;
    }
    if (v->cpu->start_halted) {
        mp.mp_state = KVM_MP_STATE_UNINITIALIZED;
    }
    return !v->kernel_apic || ioctl(v->fd, KVM_SET_MP_STATE, &mp) == 0;
}

static bool debugregs(struct kvm_vcpu *v, bool put)
{
    struct x86_cpu *cpu = x86_cpu(v->cpu);
    struct kvm_debugregs d = { 0 };

    if (put) {
        memcpy(d.db, cpu->dr, sizeof(d.db));
        d.dr6 = cpu->dr[6];
        d.dr7 = cpu->dr[7];
        return ioctl(v->fd, KVM_SET_DEBUGREGS, &d) == 0;
    }
    if (ioctl(v->fd, KVM_GET_DEBUGREGS, &d) < 0) {
        return false;
    }
    memcpy(cpu->dr, d.db, sizeof(d.db));
    cpu->dr[6] = d.dr6;
    cpu->dr[7] = d.dr7;
    return true;
}

static bool xcrs(struct kvm_vcpu *v, bool put)
{
    struct x86_cpu *cpu = x86_cpu(v->cpu);
    struct kvm_xcrs x = { .nr_xcrs = 1 };

    if (put) {
        x.xcrs[0].value = cpu->xcr0 | X86_XCR0_X87;
        return ioctl(v->fd, KVM_SET_XCRS, &x) == 0 || errno == EINVAL;      /* a model without XSAVE */
    }
    if (ioctl(v->fd, KVM_GET_XCRS, &x) == 0 && x.nr_xcrs) {
        cpu->xcr0 = x.xcrs[0].value;
    }
    return true;
}

/* ---- all ---- */

static bool regs_get(struct kvm_vcpu *v)
{
    struct x86_cpu *cpu = x86_cpu(v->cpu);
    struct kvm_regs r;
    struct kvm_sregs s;
    g_autofree struct kvm_xsave *x = g_new0(struct kvm_xsave, 1);

    if (ioctl(v->fd, KVM_GET_REGS, &r) < 0 || ioctl(v->fd, KVM_GET_SREGS, &s) < 0 ||
        ioctl(v->fd, KVM_GET_XSAVE, x) < 0 || !xcrs(v, false) || !transfer_msrs(v, false) || !get_events(v) ||
        !debugregs(v, false)) {
        return false;
    }
    sregs_from_kvm(cpu, &s);
    xsave_from_kvm(cpu, (const uint8_t *)x->region);
    for (unsigned n = 0; n < 16; n++) {
        v->cpu->r[n] = *reg_of(&r, n);
    }
    x86_set_eflags(cpu, r.rflags, ~(uint64_t)0);
    x86_state_loaded(cpu);
    v->cpu->pc = cpu->seg[X86_CS].attr & X86_SEG_L && cpu->efer & X86_EFER_LMA
               ? r.rip : (uint32_t)(r.rip + cpu->seg[X86_CS].base);
    return true;
}

static bool regs_put(struct kvm_vcpu *v, bool reset)
{
    struct x86_cpu *cpu = x86_cpu(v->cpu);
    struct kvm_regs r = { 0 };
    struct kvm_sregs s;
    g_autofree struct kvm_xsave *x = g_new0(struct kvm_xsave, 1);

    if (ioctl(v->fd, KVM_GET_SREGS, &s) < 0 || ioctl(v->fd, KVM_GET_XSAVE, x) < 0) {
        return false;
    }
    sregs_to_kvm(v, &s, reset);
    xsave_to_kvm(cpu, (uint8_t *)x->region);
    for (unsigned n = 0; n < 16; n++) {
        *reg_of(&r, n) = v->cpu->r[n];
    }
    r.rip = x86_ip(cpu, v->cpu->pc);
    r.rflags = x86_eflags(cpu);
    return ioctl(v->fd, KVM_SET_SREGS, &s) == 0 && ioctl(v->fd, KVM_SET_REGS, &r) == 0 && xcrs(v, true) &&
           ioctl(v->fd, KVM_SET_XSAVE, x) == 0 && transfer_msrs(v, true) && debugregs(v, true) && put_events(v, reset);
}

static bool cpu_init(struct kvm_vcpu *v, GError **err)
{
    v->arch = msrs_new(v->dev_fd);
    return cpuid_init(v, err);
}

const struct kvm_arch x86_kvm = {
    .vm_init = vm_init, .cpu_init = cpu_init, .regs_get = regs_get, .regs_put = regs_put,
};

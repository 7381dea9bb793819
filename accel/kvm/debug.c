/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The debugger's stops under KVM: single steps, and the four debug registers for breakpoints and watchpoints (Intel SDM
 * volume 3, 18.2). A breakpoint in a register leaves the guest's code alone, so there are no patched instructions that
 * the guest could read; a fifth is refused.
 */
#include <errno.h>
#include <string.h>

#include "accel/kvm/kvm_impl.h"
#include "util/log.h"

#define REGISTERS 4

#if defined(__x86_64__) || defined(__i386__)

enum { DR7_EXEC = 0, DR7_WRITE = 1, DR7_ACCESS = 3 };
enum { DR6_STEP = 1 << 14 };

static unsigned dr7_bits(const struct breakpoint *b, unsigned n)
{
    static const uint8_t lengths[9] = { [1] = 0, [2] = 1, [4] = 3, [8] = 2 };
    unsigned type = b->kind == ACCEL_WATCH_WRITE ? DR7_WRITE
                  : b->kind == ACCEL_WATCH_READ || b->kind == ACCEL_WATCH_ACCESS ? DR7_ACCESS : DR7_EXEC;
    unsigned len = type == DR7_EXEC ? 0 : lengths[b->len];

    return 2u << (2 * n) | (type | len << 2) << (16 + 4 * n);
}

void debug_update(struct vcpu *v)
{
    struct kvm_guest_debug d = { 0 };
    GArray *breaks = v->kvm->breaks;

    if (v->single_step) {
        d.control |= KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP;
    }
    if (breaks->len) {
        d.control |= KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW_BP;
        d.arch.debugreg[7] = 0x600;
        for (unsigned i = 0; i < breaks->len; i++) {
            const struct breakpoint *b = &g_array_index(breaks, struct breakpoint, i);

            d.arch.debugreg[i] = b->addr;
            d.arch.debugreg[7] |= dr7_bits(b, i);
        }
    }
    if (ioctl(v->k.fd, KVM_SET_GUEST_DEBUG, &d) < 0 && d.control) {
        log_unimp("KVM_SET_GUEST_DEBUG: %s", g_strerror(errno));
    }
}

static const struct breakpoint *hit(struct vcpu *v, uint64_t dr6)
{
    for (unsigned i = 0; i < v->kvm->breaks->len; i++) {
        if (dr6 >> i & 1) {
            return &g_array_index(v->kvm->breaks, struct breakpoint, i);
        }
    }
    return NULL;
}

bool debug_exit(struct vcpu *v)
{
    const struct kvm_debug_exit_arch *d = &v->k.run->debug.arch;
    const struct breakpoint *b;

    machine_lock(v->cpu->machine);
    b = hit(v, d->dr6);
    v->debug_stop = true;
    if (b && b->kind >= ACCEL_WATCH_WRITE) {
        v->watch_hit = true;
        v->watch_kind = b->kind;
        v->watch_addr = b->addr;
    }
    machine_unlock(v->cpu->machine);
    machine_request_stop(v->cpu->machine, RUN_DEBUG);
    return true;
}

static bool possible(const struct kvm *s, enum accel_break kind, uint64_t addr, uint64_t len)
{
    bool watch = kind >= ACCEL_WATCH_WRITE;

    return s->breaks->len < REGISTERS &&
           (!watch || ((len == 1 || len == 2 || len == 4 || len == 8) && !(addr & (len - 1))));
}

#else

void debug_update(struct vcpu *v)
{
}

bool debug_exit(struct vcpu *v)
{
    return false;
}

static bool possible(const struct kvm *s, enum accel_break kind, uint64_t addr, uint64_t len)
{
    return false;
}

#endif

static void update_all(struct kvm *s)
{
    for (unsigned i = 0; i < s->vcpus->len; i++) {
        debug_update(s->vcpus->pdata[i]);
    }
}

bool debug_insert(struct accel *a, enum accel_break kind, uint64_t addr, uint64_t len)
{
    struct kvm *s = kvm_of(a);
    struct breakpoint b = { kind, addr, len };

    if (!possible(s, kind, addr, len)) {
        return false;
    }
    g_array_append_val(s->breaks, b);
    update_all(s);
    return true;
}

bool debug_remove(struct accel *a, enum accel_break kind, uint64_t addr, uint64_t len)
{
    struct kvm *s = kvm_of(a);

    for (unsigned i = 0; i < s->breaks->len; i++) {
        struct breakpoint *b = &g_array_index(s->breaks, struct breakpoint, i);

        if (b->kind == kind && b->addr == addr && b->len == len) {
            g_array_remove_index(s->breaks, i);
            update_all(s);
            return true;
        }
    }
    return false;
}

void debug_clear(struct accel *a)
{
    g_array_set_size(kvm_of(a)->breaks, 0);
    update_all(kvm_of(a));
}

void debug_single_step(struct accel *a, struct cpu *cpu, bool on)
{
    struct vcpu *v = vcpu_of(kvm_of(a), cpu);

    v->single_step = on;
    debug_update(v);
}

bool debug_stop_reason(struct accel *a, struct cpu *cpu, struct cpu_stop *why)
{
    struct vcpu *v = vcpu_of(kvm_of(a), cpu);

    *why = (struct cpu_stop) { v->watch_hit, v->watch_kind, v->watch_addr };
    return v->debug_stop || v->watch_hit;
}

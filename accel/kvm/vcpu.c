/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vCPU threads. A thread is parked under the machine lock while the machine is stopped, asleep while its CPU is halted
 * and the kernel does not keep its interrupt controller, or in KVM_RUN.
 *
 * Kicks. Whoever wants a vCPU's attention sets a bit in cpu.request, then run->immediate_exit, then sends the signal.
 * The thread clears immediate_exit, then takes the bits, then enters KVM_RUN: whatever comes after the bits were taken
 * makes that KVM_RUN return at once, or interrupts it.
 *
 * Registers are the kernel's while the guest runs. vcpu_regs_get brings them to struct cpu, where debuggers and events
 * may change them; they go back before the next KVM_RUN.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "accel/kvm/kvm_impl.h"
#include "system/x86.h"
#include "util/log.h"

#define KICK_SIGNAL SIGUSR1

static void on_kick(int sig)
{
}

void vcpu_signals_init(void)
{
    struct sigaction sa = { .sa_handler = on_kick };

    sigaction(KICK_SIGNAL, &sa, NULL);
}

/* ---- kicks ---- */

void vcpu_kick(struct accel *a, struct cpu *cpu)
{
    struct kvm *s = kvm_of(a);
    struct vcpu *v = cpu->index < s->vcpus->len ? vcpu_of(s, cpu) : NULL;

    if (!v) {
        return;
    }
    __atomic_store_n(&v->k.run->immediate_exit, 1, __ATOMIC_SEQ_CST);
    if (atomic_load(&v->in_run) && !pthread_equal(pthread_self(), v->tid)) {
        pthread_kill(v->tid, KICK_SIGNAL);
    }
    if (atomic_load(&v->sleeping)) {
        g_mutex_lock(&v->sleep);
        g_cond_broadcast(&v->wake);
        g_mutex_unlock(&v->sleep);
    }
}

/* ---- registers ---- */

static void refused(struct vcpu *v, const char *what)
{
    g_printerr("doppel: KVM refuses to %s registers of CPU %u: %s\n", what, v->cpu->index, g_strerror(errno));
    machine_request_stop(v->cpu->machine, RUN_PAUSED);
}

void vcpu_regs_get(struct accel *a, struct cpu *cpu)
{
    struct vcpu *v = vcpu_of(kvm_of(a), cpu);

    if (!v->synced) {
        if (!v->kvm->arch->regs_get(&v->k)) {
            refused(v, "give");
        }
        v->synced = true;
    }
}

void vcpu_regs_put(struct accel *a, struct cpu *cpu)
{
    struct vcpu *v = vcpu_of(kvm_of(a), cpu);

    v->synced = v->reset = true;
}

static void put_regs(struct vcpu *v)
{
    if (v->synced) {
        if (!v->kvm->arch->regs_put(&v->k, v->reset)) {
            refused(v, "take");
        }
        v->synced = v->reset = false;
    }
}

/* ---- exits ---- */

static void exit_io(struct vcpu *v)
{
    struct kvm_run *run = v->k.run;
    uint8_t *data = (uint8_t *)run + run->io.data_offset;

    v->n_io++;
    for (uint32_t i = 0; i < run->io.count; i++, data += run->io.size) {
        uint32_t value = 0;

        if (run->io.direction == KVM_EXIT_IO_IN) {
            value = GUINT32_TO_LE(cpu_port_in(v->cpu, run->io.port, run->io.size));
            memcpy(data, &value, run->io.size);
        } else {
            memcpy(&value, data, run->io.size);
            cpu_port_out(v->cpu, run->io.port, run->io.size, GUINT32_FROM_LE(value));
        }
    }
}

static void exit_mmio(struct vcpu *v)
{
    struct kvm_run *run = v->k.run;
    struct mem_attrs attrs = { .cpu = v->cpu->index };

    v->n_mmio++;
    if (run->mmio.is_write) {
        as_write(v->cpu->as, run->mmio.phys_addr, run->mmio.data, run->mmio.len, attrs);
    } else if (as_read(v->cpu->as, run->mmio.phys_addr, run->mmio.data, run->mmio.len, attrs) != MEM_OK) {
        memset(run->mmio.data, 0xff, run->mmio.len);    /* nobody drives the bus */
    }
}

/* The kernel can't go on: say where, with the code there, and stop. */
static void exit_error(struct vcpu *v, const char *what)
{
    struct cpu *cpu = v->cpu;
    g_autoptr(GString) out = g_string_new(NULL);
    uint8_t code[16];

    vcpu_regs_get(&v->kvm->accel, cpu);
    if (cpu->type->print_regs) {
        cpu->type->print_regs(cpu, out);
    }
    g_string_append(out, "code:");
    if (cpu_debug_rw(cpu, cpu->pc, code, sizeof(code), false)) {
        for (unsigned i = 0; i < sizeof(code); i++) {
            g_string_append_printf(out, " %02x", code[i]);
        }
    } else {
        g_string_append(out, " not mapped");
    }
    g_printerr("doppel: KVM stopped CPU %u: %s\n%s\nThe machine is paused. -accel tcg may run this guest.\n", cpu->index,
               what, out->str);
    v->debug_stop = true;
    machine_request_stop(cpu->machine, RUN_PAUSED);
}

static void exit_internal(struct vcpu *v)
{
    static const char *const names[] = { "?", "an instruction that it does not emulate", "simultaneous exceptions",
                                         "an exit while it delivered an event", "an exit that it does not know" };
    uint32_t n = v->k.run->internal.suberror;
    g_autofree char *what = g_strdup_printf("internal error %u (%s)", n, n < G_N_ELEMENTS(names) ? names[n] : "?");

    exit_error(v, what);
}

static void exit_system(struct vcpu *v)
{
    struct machine *m = v->cpu->machine;

    switch (v->k.run->system_event.type) {
    case KVM_SYSTEM_EVENT_SHUTDOWN:
        machine_request_shutdown(m, CAUSE_GUEST_SHUTDOWN, 0);
        break;
    case KVM_SYSTEM_EVENT_RESET:
        machine_request_reset(m, CAUSE_GUEST_RESET);
        break;
    default:
        machine_request_stop(m, RUN_GUEST_PANICKED);
    }
}

/* True: leave the loop until somebody resumes or resets. */
static bool handle_exit(struct vcpu *v)
{
    struct kvm_run *run = v->k.run;
    g_autofree char *what = NULL;

    v->n_exit++;
    switch (run->exit_reason) {
    case KVM_EXIT_IO:
        exit_io(v);
        return false;
    case KVM_EXIT_MMIO:
        exit_mmio(v);
        return false;
    case KVM_EXIT_IRQ_WINDOW_OPEN:
    case KVM_EXIT_INTR:
        return false;
    case KVM_EXIT_HLT:
        v->n_hlt++;
        v->cpu->halted = true;
        return false;
    case KVM_EXIT_SET_TPR:
        return false;       /* run->cr8 is looked at after every exit */
    case KVM_EXIT_DEBUG:
        return debug_exit(v);
    case KVM_EXIT_SHUTDOWN:     /* a triple fault */
        machine_request_reset(v->cpu->machine, CAUSE_GUEST_RESET);
        v->debug_stop = false;
        atomic_fetch_or(&v->cpu->request, CPU_REQ_EXIT);
        return true;
    case KVM_EXIT_SYSTEM_EVENT:
        exit_system(v);
        return true;
    case KVM_EXIT_IOAPIC_EOI:
        if (v->cpu->intc && v->cpu->intc->eoi) {
            v->cpu->intc->eoi(v->cpu->intc, run->eoi.vector);
        }
        return false;
    case KVM_EXIT_INTERNAL_ERROR:
        exit_internal(v);
        return true;
    case KVM_EXIT_FAIL_ENTRY:
        what = g_strdup_printf("the processor refuses the guest's state, reason 0x%" G_GINT64_MODIFIER "x",
                               (uint64_t)run->fail_entry.hardware_entry_failure_reason);
        exit_error(v, what);
        return true;
    default:
        what = g_strdup_printf("unknown exit reason %u", run->exit_reason);
        exit_error(v, what);
        return true;
    }
}

/* ---- interrupts that user space injects ---- */

static bool line(struct cpu *cpu, unsigned n)
{
    return atomic_load(&cpu->lines) >> n & 1;
}

/* INTR of a PIC, or of a local APIC that is not the kernel's. */
static void inject(struct vcpu *v)
{
    struct cpu *cpu = v->cpu;
    struct kvm_run *run = v->k.run;

    run->request_interrupt_window = false;
    if (!line(cpu, X86_LINE_INTR) || !cpu->intc) {
        return;
    }
    if (run->ready_for_interrupt_injection && run->if_flag) {
        int vector = cpu->intc->acknowledge(cpu->intc);
        struct kvm_interrupt irq = { .irq = vector };

        if (vector >= 0) {
            v->n_irq++;
            cpu->halted = false;
            if (ioctl(v->k.fd, KVM_INTERRUPT, &irq) < 0) {
                log_unimp("KVM_INTERRUPT: %s", g_strerror(errno));
            }
        }
    }
    run->request_interrupt_window = line(cpu, X86_LINE_INTR);
}

static void events(struct vcpu *v, uint32_t req)
{
    if (req & CPU_REQ_NMI) {
        v->cpu->halted = false;
        ioctl(v->k.fd, KVM_NMI);
    }
    req &= CPU_REQ_INIT | CPU_REQ_SIPI;
    if (req && v->cpu->type->event && !v->k.kernel_apic) {
        vcpu_regs_get(&v->kvm->accel, v->cpu);
        v->cpu->type->event(v->cpu, req);
        v->reset |= (req & CPU_REQ_INIT) != 0;
    }
}

/* A halted CPU whose interrupt controller is ours: until there is something to do. */
static bool asleep(struct vcpu *v)
{
    struct cpu *cpu = v->cpu;

    if (v->k.kernel_apic || !cpu->halted) {
        return false;
    }
    if (line(cpu, X86_LINE_INTR) && v->k.run->if_flag) {
        cpu->halted = false;
        return false;
    }
    g_mutex_lock(&v->sleep);
    atomic_store(&v->sleeping, true);
    while (!atomic_load(&cpu->request) && !(line(cpu, X86_LINE_INTR) && v->k.run->if_flag)) {
        g_cond_wait(&v->wake, &v->sleep);
    }
    atomic_store(&v->sleeping, false);
    g_mutex_unlock(&v->sleep);
    return true;
}

/* ---- the loop ---- */

static bool run_once(struct vcpu *v)
{
    struct kvm_run *run = v->k.run;
    int ret;

    put_regs(v);
    if (v->kvm->irqchip != IRQCHIP_ON) {
        inject(v);
    }
    if (v->kvm->irqchip == IRQCHIP_OFF && v->cpu->intc) {
        run->cr8 = v->cpu->intc->priority(v->cpu->intc);
    }
    mem_reader_offline(&v->cpu->machine->memory, &v->reader);
    ret = ioctl(v->k.fd, KVM_RUN, 0);
    mem_reader_online(&v->cpu->machine->memory, &v->reader);
    if (v->kvm->irqchip == IRQCHIP_OFF && v->cpu->intc && run->cr8 != v->cpu->intc->priority(v->cpu->intc)) {
        v->cpu->intc->set_priority(v->cpu->intc, run->cr8);
    }
    if (ret < 0) {
        if (errno == EINTR || errno == EAGAIN) {
            return false;
        }
        exit_error(v, g_strerror(errno));
        return true;
    }
    return handle_exit(v);
}

static void exec(struct vcpu *v)
{
    struct cpu *cpu = v->cpu;

    atomic_store(&v->in_run, true);
    mem_reader_online(&cpu->machine->memory, &v->reader);
    for (;;) {
        uint32_t req;

        __atomic_store_n(&v->k.run->immediate_exit, 0, __ATOMIC_SEQ_CST);
        req = atomic_exchange(&cpu->request, 0);
        if (req & CPU_REQ_EVENTS) {
            events(v, req);
        }
        if (req & CPU_REQ_EXIT) {
            break;
        }
        if (!asleep(v) && run_once(v)) {
            break;
        }
    }
    mem_reader_offline(&cpu->machine->memory, &v->reader);
    atomic_store(&v->in_run, false);
}

static void *vcpu_thread(void *opaque)
{
    struct vcpu *v = opaque;
    struct machine *m = v->cpu->machine;

    v->tid = pthread_self();
    mem_reader_add(&m->memory, &v->reader);
    machine_lock(m);
    while (!v->quit) {
        if (!v->kvm->resumed || v->debug_stop) {
            v->stopped = true;
            g_cond_broadcast(&v->kvm->parked);
            big_lock_wait(&m->lock, &v->resume, -1);
            continue;
        }
        v->stopped = false;
        machine_unlock(m);
        exec(v);
        machine_lock(m);
    }
    v->stopped = true;
    g_cond_broadcast(&v->kvm->parked);
    machine_unlock(m);
    mem_reader_remove(&m->memory, &v->reader);
    return NULL;
}

void vcpus_resume(struct accel *a)
{
    struct kvm *s = kvm_of(a);

    s->resumed = true;
    for (unsigned i = 0; i < s->vcpus->len; i++) {
        struct vcpu *v = s->vcpus->pdata[i];

        v->debug_stop = v->watch_hit = false;
        debug_update(v);
        g_cond_broadcast(&v->resume);
    }
}

void vcpus_pause(struct accel *a)
{
    struct kvm *s = kvm_of(a);

    s->resumed = false;
    for (unsigned i = 0; i < s->vcpus->len; i++) {
        struct vcpu *v = s->vcpus->pdata[i];

        atomic_fetch_or(&v->cpu->request, CPU_REQ_EXIT);
        vcpu_kick(a, v->cpu);
    }
    for (unsigned i = 0; i < s->vcpus->len; i++) {
        struct vcpu *v = s->vcpus->pdata[i];

        while (!v->stopped) {
            big_lock_wait(&a->m->lock, &s->parked, -1);
        }
        atomic_fetch_and(&v->cpu->request, ~(uint32_t)CPU_REQ_EXIT);
    }
}

/* ---- life ---- */

static bool failed(GError **err, const char *what)
{
    g_set_error(err, g_quark_from_static_string("kvm"), 0, "-accel kvm: %s: %s", what, g_strerror(errno));
    return false;
}

bool vcpu_create(struct accel *a, struct cpu *cpu, GError **err)
{
    struct kvm *s = kvm_of(a);
    g_autofree char *name = g_strdup_printf("cpu %u/kvm", cpu->index);
    struct vcpu *v = g_new0(struct vcpu, 1);

    v->kvm = s;
    v->cpu = cpu;
    v->k.cpu = cpu;
    v->k.dev_fd = s->dev_fd;
    v->k.vm_fd = s->vm_fd;
    v->k.kernel_apic = s->irqchip != IRQCHIP_OFF;
    v->k.fd = ioctl(s->vm_fd, KVM_CREATE_VCPU, (unsigned long)cpu->index);
    if (v->k.fd < 0) {
        g_free(v);
        return failed(err, "the kernel makes no vCPU");
    }
    v->k.run = mmap(NULL, s->vcpu_mmap_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, v->k.fd, 0);
    if (v->k.run == MAP_FAILED) {
        failed(err, "mmap of a vCPU");
    } else if (s->arch->cpu_init(&v->k, err)) {
        g_cond_init(&v->resume);
        g_cond_init(&v->wake);
        g_mutex_init(&v->sleep);
        g_ptr_array_add(s->vcpus, v);
        v->thread = g_thread_new(name, vcpu_thread, v);
        return true;
    } else {
        munmap(v->k.run, s->vcpu_mmap_bytes);
    }
    close(v->k.fd);
    g_free(v->k.arch);
    g_free(v);
    return false;
}

void vcpu_destroy(struct accel *a, struct cpu *cpu)
{
    struct kvm *s = kvm_of(a);
    struct vcpu *v = vcpu_of(s, cpu);

    v->quit = true;
    atomic_fetch_or(&cpu->request, CPU_REQ_EXIT);
    vcpu_kick(a, cpu);
    g_cond_broadcast(&v->resume);
    while (!v->stopped) {
        big_lock_wait(&cpu->machine->lock, &s->parked, -1);
    }
    machine_unlock(cpu->machine);
    g_thread_join(v->thread);
    machine_lock(cpu->machine);
    munmap(v->k.run, s->vcpu_mmap_bytes);
    close(v->k.fd);
    g_cond_clear(&v->resume);
    g_cond_clear(&v->wake);
    g_mutex_clear(&v->sleep);
    s->vcpus->pdata[cpu->index] = NULL;
    g_free(v->k.arch);
    g_free(v);
}

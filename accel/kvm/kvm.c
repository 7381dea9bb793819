/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's hardware virtualisation (Linux KVM, Documentation/virt/kvm/api.rst): the virtual machine's file
 * descriptors, options, and the table that the rest of the program sees. vCPUs are in vcpu.c, memory in slots.c,
 * interrupt controllers in irqchip.c, the debugger in debug.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "accel/kvm/kvm_impl.h"
#include "system/board.h"

#define KVM_DEVICE "/dev/kvm"

static GQuark quark(void)
{
    return g_quark_from_static_string("kvm");
}

/* ---- is there a KVM for this machine? ---- */

static bool open_failed(int error, GError **err)
{
    struct stat st;

    if (error == ENOENT || error == ENODEV || error == ENXIO) {
        g_set_error(err, quark(), 0,
                    "-accel kvm: there is no %s: the kernel has no KVM module loaded, or the CPU's virtualisation is "
                    "off in the firmware's setup; -accel tcg needs neither", KVM_DEVICE);
    } else if (error == EACCES && !stat(KVM_DEVICE, &st)) {
        const struct group *g = getgrgid(st.st_gid);
        g_autofree char *name = g ? g_strdup(g->gr_name) : g_strdup_printf("%u", (unsigned)st.st_gid);

        g_set_error(err, quark(), 0, "-accel kvm: no permission for %s: become a member of group '%s'", KVM_DEVICE,
                    name);
    } else {
        g_set_error(err, quark(), 0, "-accel kvm: %s: %s", KVM_DEVICE, g_strerror(error));
    }
    return false;
}

static bool open_device(struct kvm *s, GError **err)
{
    int version;

    s->dev_fd = open(KVM_DEVICE, O_RDWR | O_CLOEXEC);
    if (s->dev_fd < 0) {
        return open_failed(errno, err);
    }
    version = ioctl(s->dev_fd, KVM_GET_API_VERSION, 0);
    if (version != KVM_API_VERSION || ioctl(s->dev_fd, KVM_CHECK_EXTENSION, KVM_CAP_USER_MEMORY) <= 0 ||
        ioctl(s->dev_fd, KVM_CHECK_EXTENSION, KVM_CAP_IMMEDIATE_EXIT) <= 0) {
        g_set_error(err, quark(), 0, "-accel kvm: this kernel's KVM is too old (interface version %d)", version);
        return false;
    }
    return true;
}

static bool make_vm(struct kvm *s, GError **err)
{
    do {
        s->vm_fd = ioctl(s->dev_fd, KVM_CREATE_VM, 0);
    } while (s->vm_fd < 0 && errno == EINTR);
    if (s->vm_fd < 0) {
        g_set_error(err, quark(), 0, "-accel kvm: the kernel makes no virtual machine: %s", g_strerror(errno));
        return false;
    }
    return true;
}

/* Options are in, the board is known: everything that may fail for the host's reasons is done here, so that another
 * accelerator can be tried. */
static bool kvm_probe(struct accel *accel, GError **err)
{
    struct kvm *s = kvm_of(accel);
    const struct cpu_type *type = cpu_type_find(accel->m->board->isa);

    s->dev_fd = s->vm_fd = -1;
    if (!type || !type->kvm) {
        g_set_error(err, quark(), 0, "-accel kvm: the host does not run %s guests (machine '%s')",
                    accel->m->board->isa, accel->m->board->name);
        return false;
    }
    s->arch = type->kvm;
    if (open_device(s, err) && make_vm(s, err) && s->arch->vm_init(s->dev_fd, s->vm_fd, err) && irqchip_init(s, err)) {
        return true;
    }
    if (s->vm_fd >= 0) {
        close(s->vm_fd);
    }
    if (s->dev_fd >= 0) {
        close(s->dev_fd);
    }
    return false;
}

static bool kvm_init(struct accel *accel, GError **err)
{
    struct kvm *s = kvm_of(accel);
    int bytes = ioctl(s->dev_fd, KVM_GET_VCPU_MMAP_SIZE, 0);

    if (bytes < (int)sizeof(struct kvm_run)) {
        g_set_error(err, quark(), 0, "-accel kvm: KVM_GET_VCPU_MMAP_SIZE: %s", g_strerror(errno));
        return false;
    }
    s->vcpu_mmap_bytes = bytes;
    g_cond_init(&s->parked);
    s->vcpus = g_ptr_array_new();
    s->breaks = g_array_new(false, false, sizeof(struct breakpoint));
    slots_init(s);
    vcpu_signals_init();
    return true;
}

static void kvm_free(struct accel *accel)
{
    struct kvm *s = kvm_of(accel);

    if (!s->vcpus) {
        return;
    }
    slots_free(s);
    g_ptr_array_free(s->vcpus, true);
    g_array_free(s->breaks, true);
    g_clear_pointer(&s->routes, g_array_unref);
    g_cond_clear(&s->parked);
    close(s->vm_fd);
    close(s->dev_fd);
}

static void kvm_view_changed(struct accel *accel, struct address_space *as)
{
    if (as == &accel->m->as) {
        slots_update(kvm_of(accel), as);
    }
}

static void kvm_dirty_sync(struct accel *accel, struct ram_block *ram, uint64_t offset, uint64_t len)
{
    slots_sync_dirty(kvm_of(accel), ram, offset, len);
}

static void kvm_info(struct accel *accel, GString *out)
{
    static const char *const modes[] = { "on", "off", "split" };
    struct kvm *s = kvm_of(accel);

    g_string_append_printf(out, "kvm, kernel-irqchip=%s, %u memory slots\n", modes[s->irqchip], s->slots->len);
    for (unsigned i = 0; i < s->vcpus->len; i++) {
        const struct vcpu *v = s->vcpus->pdata[i];

        g_string_append_printf(out,
                               "cpu %u: exits %" G_GUINT64_FORMAT ": ports %" G_GUINT64_FORMAT ", MMIO %"
                               G_GUINT64_FORMAT ", halts %" G_GUINT64_FORMAT ", interrupts injected %" G_GUINT64_FORMAT
                               "\n", i, v->n_exit, v->n_io, v->n_mmio, v->n_hlt, v->n_irq);
    }
}

static const char *const irqchip_names[] = { "on", "off", "split", NULL };

static const struct prop props[] = {
    PROP_ENUM(struct kvm, irqchip, "kernel-irqchip", irqchip_names, IRQCHIP_ON,
              "interrupt controllers in the kernel: all, none, or the local APICs alone"),
};

const struct accel_type kvm_accel_type = {
    .name = "kvm", .help = "the host's hardware virtualisation", .size = sizeof(struct kvm), PROPS(props),
    .probe = kvm_probe, .init = kvm_init, .free = kvm_free, .cpu_create = vcpu_create, .cpu_destroy = vcpu_destroy,
    .resume = vcpus_resume, .pause = vcpus_pause, .kick = vcpu_kick, .regs_get = vcpu_regs_get,
    .regs_put = vcpu_regs_put, .view_changed = kvm_view_changed, .dirty_sync = kvm_dirty_sync,
    .substitute = irqchip_substitute, .break_insert = debug_insert, .break_remove = debug_remove,
    .break_clear = debug_clear, .single_step = debug_single_step, .stop_reason = debug_stop_reason, .info = kvm_info,
};

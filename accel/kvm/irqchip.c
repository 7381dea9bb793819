/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupt controllers in the kernel. A board asks for "i8259", "i8254", "ioapic", "apic", "apic-bus" and gets these
 * types where the kernel has that part; they have the same inputs and properties, and their state is the kernel's.
 *
 * GSI n below 16 is routed to pin n of the PICs and of the IOAPIC (0 to the IOAPIC's pin 2), 16 to 23 to the IOAPIC.
 * A board drives ISA line n at both controllers; what the kernel's routes do already is dropped at the IOAPIC.
 */
#include <errno.h>
#include <string.h>

#include "accel/kvm/kvm_impl.h"
#include "system/device.h"
#include "system/x86.h"
#include "util/log.h"

#define IOAPIC_PINS 24
#define ISA_LINES 16

#if defined(__x86_64__) || defined(__i386__)

/* An ioctl on the virtual machine of d; without one (device tests) nothing happens. */
static bool vm_ioctl(struct device *d, unsigned long request, void *arg)
{
    struct accel *a = d->m->accel;

    return !a || strcmp(a->type->name, "kvm") || ioctl(kvm_of(a)->vm_fd, request, arg) >= 0;
}

/* ---- routes ---- */

static void add_route(struct kvm *s, unsigned gsi, unsigned chip, unsigned pin)
{
    struct kvm_irq_routing_entry e = { .gsi = gsi, .type = KVM_IRQ_ROUTING_IRQCHIP, .u.irqchip = { chip, pin } };

    g_array_append_val(s->routes, e);
}

static bool set_routes(struct kvm *s)
{
    size_t bytes = s->routes->len * sizeof(struct kvm_irq_routing_entry);
    g_autofree struct kvm_irq_routing *r = g_malloc0(sizeof(*r) + bytes);

    r->nr = s->routes->len;
    memcpy(r->entries, s->routes->data, bytes);
    return ioctl(s->vm_fd, KVM_SET_GSI_ROUTING, r) == 0;
}

static bool routes_init(struct kvm *s)
{
    s->routes = g_array_new(false, true, sizeof(struct kvm_irq_routing_entry));
    for (unsigned i = 0; i < ISA_LINES; i++) {
        add_route(s, i, i < 8 ? KVM_IRQCHIP_PIC_MASTER : KVM_IRQCHIP_PIC_SLAVE, i & 7);
    }
    for (unsigned i = 0; i < IOAPIC_PINS; i++) {
        if (i != 2) {
            add_route(s, i, KVM_IRQCHIP_IOAPIC, i == 0 ? 2 : i);
        }
    }
    return set_routes(s);
}

bool irqchip_init(struct kvm *s, GError **err)
{
    struct kvm_enable_cap split = { .cap = KVM_CAP_SPLIT_IRQCHIP, .args = { IOAPIC_PINS } };
    struct kvm_pit_config pit = { .flags = KVM_PIT_SPEAKER_DUMMY };
    const char *what = "interrupt controllers";
    bool ok = true;

    if (s->irqchip == IRQCHIP_ON) {
        ok = !ioctl(s->vm_fd, KVM_CREATE_IRQCHIP) && routes_init(s);
        if (ok && ioctl(s->vm_fd, KVM_CREATE_PIT2, &pit)) {
            what = "timer";
            ok = false;
        }
    } else if (s->irqchip == IRQCHIP_SPLIT) {
        ok = !ioctl(s->vm_fd, KVM_ENABLE_CAP, &split);
    }
    if (!ok) {
        g_set_error(err, g_quark_from_static_string("kvm"), 0,
                    "-accel kvm: the kernel makes no %s: %s (kernel-irqchip=off does without)", what,
                    g_strerror(errno));
    }
    return ok;
}

const char *irqchip_substitute(struct accel *a, const char *name)
{
    static const char *const own[][2] = {
        { "apic", "kvm-apic" }, { "apic-bus", "kvm-apic-bus" },     /* split: these alone */
        { "i8259", "kvm-i8259" }, { "i8254", "kvm-i8254" }, { "ioapic", "kvm-ioapic" },
    };
    unsigned count = kvm_of(a)->irqchip == IRQCHIP_ON ? G_N_ELEMENTS(own) : kvm_of(a)->irqchip == IRQCHIP_SPLIT ? 2 : 0;

    for (unsigned i = 0; i < count; i++) {
        if (!strcmp(own[i][0], name)) {
            return own[i][1];
        }
    }
    return name;
}

/* ---- lines ---- */

static void set_line(struct device *d, unsigned gsi, bool level)
{
    struct kvm_irq_level l = { .irq = gsi, .level = level };

    if (!vm_ioctl(d, KVM_IRQ_LINE, &l)) {
        log_unimp("KVM_IRQ_LINE: %s", g_strerror(errno));
    }
}

static void get_chip(struct device *d, struct kvm_irqchip *chip, unsigned id)
{
    memset(chip, 0, sizeof(*chip));
    chip->chip_id = id;
    if (!vm_ioctl(d, KVM_GET_IRQCHIP, chip)) {
        log_unimp("KVM_GET_IRQCHIP: %s", g_strerror(errno));
    }
}

static void set_chip(struct device *d, struct kvm_irqchip *chip)
{
    if (!vm_ioctl(d, KVM_SET_IRQCHIP, chip)) {
        log_unimp("KVM_SET_IRQCHIP: %s", g_strerror(errno));
    }
}

/* ---- PICs ---- */

struct kvm_pic_device {
    struct device dev;
    uint16_t levels;
};

static void pic_in(struct device *d, unsigned n, bool level)
{
    struct kvm_pic_device *s = (struct kvm_pic_device *)d;

    s->levels = level ? s->levels | 1u << n : s->levels & ~(1u << n);
    set_line(d, n, level);
}

/* As after ICW1 to 4 have not been written: masks clear, nothing latched. ELCR stays. */
static void pic_reset(struct device *d)
{
    for (unsigned id = KVM_IRQCHIP_PIC_MASTER; id <= KVM_IRQCHIP_PIC_SLAVE; id++) {
        struct kvm_irqchip chip;
        uint8_t mask;

        get_chip(d, &chip, id);
        mask = chip.chip.pic.elcr_mask;
        memset(&chip.chip.pic, 0, sizeof(chip.chip.pic));
        chip.chip.pic.elcr_mask = mask;
        set_chip(d, &chip);
    }
}

static const struct field pic_state[] = { FIELD(struct kvm_pic_device, levels) };

const struct device_type kvm_i8259_type = {
    .name = "kvm-i8259", .help = "the kernel's i8259 pair", .size = sizeof(struct kvm_pic_device), STATE(pic_state),
    .reset = pic_reset, .irq_in = pic_in,
};

/* ---- IOAPIC ---- */

static void ioapic_in(struct device *d, unsigned n, bool level)
{
    if (n >= ISA_LINES) {
        set_line(d, n, level);
    }
}

static void ioapic_reset(struct device *d)
{
    struct kvm_irqchip chip;

    get_chip(d, &chip, KVM_IRQCHIP_IOAPIC);
    chip.chip.ioapic.id = 0;
    chip.chip.ioapic.ioregsel = 0;
    chip.chip.ioapic.irr = 0;
    for (unsigned i = 0; i < KVM_IOAPIC_NUM_PINS; i++) {
        chip.chip.ioapic.redirtbl[i].bits = 1 << 16;    /* masked */
    }
    set_chip(d, &chip);
}

const struct device_type kvm_ioapic_type = {
    .name = "kvm-ioapic", .help = "the kernel's IOAPIC", .size = sizeof(struct device),
    .reset = ioapic_reset, .irq_in = ioapic_in,
};

/* ---- PIT ---- */

static void pit_reset(struct device *d)
{
    struct kvm_pit_state2 pit = { 0 };

    for (unsigned i = 0; i < 3; i++) {
        pit.channels[i].mode = 3;
        pit.channels[i].count = 0x10000;
        pit.channels[i].gate = i != 2;
    }
    if (!vm_ioctl(d, KVM_SET_PIT2, &pit)) {
        log_unimp("KVM_SET_PIT2: %s", g_strerror(errno));
    }
}

const struct device_type kvm_i8254_type = {
    .name = "kvm-i8254", .help = "the kernel's i8254 timer", .size = sizeof(struct device),
    .reset = pit_reset,
};

/* ---- local APICs ---- */

/* A write to the page by a device is a message (Intel SDM volume 3, 11.11). The CPUs' own accesses never come here. */
static enum mem_result msi_read(void *opaque, uint64_t offset, unsigned size, uint64_t *value, struct mem_attrs attrs)
{
    *value = 0;
    return MEM_OK;
}

static enum mem_result msi_write(void *opaque, uint64_t offset, unsigned size, uint64_t value, struct mem_attrs attrs)
{
    struct device *d = opaque;
    struct kvm_msi msi = { .address_lo = 0xfee00000 + offset, .data = value };

    if (attrs.cpu < 0 && !vm_ioctl(d, KVM_SIGNAL_MSI, &msi)) {
        log_guest("kvm-apic-bus: message 0x%08x to 0x%08x: %s", msi.data, msi.address_lo, g_strerror(errno));
    }
    return MEM_OK;
}

static const struct mmio_ops msi_ops = { .read = msi_read, .write = msi_write, .valid_min = 4, .valid_max = 4 };

struct kvm_apic_bus {
    struct device dev;
    struct device *ioapic;      /* that hears of EOIs; ours under kernel-irqchip=split */
};

static const struct prop bus_props[] = {
    PROP_LINK(struct kvm_apic_bus, ioapic, "ioapic", "the IOAPIC", .internal = true),
};

const struct device_type kvm_apic_bus_type = {
    .name = "kvm-apic-bus", .help = "messages to the kernel's local APICs", .size = sizeof(struct kvm_apic_bus),
    PROPS(bus_props), .mmio_size = 0x100000, .mmio = &msi_ops,
};

struct kvm_apic {
    struct device dev;
    uint32_t index;             /* of its CPU */
    struct device *bus, *pic;   /* as the type "apic" has; pic serves kernel-irqchip=split */
    struct cpu_intc intc;
};

static struct vcpu *vcpu_of_apic(struct kvm_apic *s)
{
    struct accel *a = s->dev.m->accel;

    return a && !strcmp(a->type->name, "kvm") ? kvm_of(a)->vcpus->pdata[s->index] : NULL;
}

/* Under split the PIC's interrupts are injected by us. */
static int apic_acknowledge(struct cpu_intc *c)
{
    struct kvm_apic *s = (struct kvm_apic *)((char *)c - offsetof(struct kvm_apic, intc));
    int vector = -1;

    if (s->pic && s->pic->type->acknowledge) {
        machine_lock(s->dev.m);
        vector = s->pic->type->acknowledge(s->pic);
        machine_unlock(s->dev.m);
    }
    return vector;
}

static void apic_eoi(struct cpu_intc *c, uint8_t vector)
{
    struct kvm_apic *s = (struct kvm_apic *)((char *)c - offsetof(struct kvm_apic, intc));
    struct device *ioapic = s->bus ? ((struct kvm_apic_bus *)s->bus)->ioapic : NULL;

    machine_lock(s->dev.m);
    if (ioapic && ioapic->type->irq_in) {
        ioapic->type->irq_in(ioapic, X86_IOAPIC_EOI + vector, true);
    }
    machine_unlock(s->dev.m);
}

static bool apic_realize(struct device *d, GError **err)
{
    struct kvm_apic *s = (struct kvm_apic *)d;
    struct cpu *cpu;

    if (s->index >= d->m->cpus->len) {
        g_set_error(err, g_quark_from_static_string("device"), 0, "kvm-apic: there is no CPU %u", s->index);
        return false;
    }
    cpu = d->m->cpus->pdata[s->index];
    s->intc.acknowledge = apic_acknowledge;
    s->intc.eoi = apic_eoi;
    cpu->intc = &s->intc;
    return true;
}

/* Input 0 is LINT0: the PIC. */
static void apic_in(struct device *d, unsigned n, bool level)
{
    struct kvm_apic *s = (struct kvm_apic *)d;

    if (n == 0) {
        cpu_irq_set(d->m->cpus->pdata[s->index], X86_LINE_INTR, level);
    }
}

enum { APIC_ID = 0x20, APIC_VERSION = 0x30, APIC_SPIV = 0xf0, APIC_DFR = 0xe0, APIC_LVT_FIRST = 0x320, APIC_LVT_LAST = 0x370,
       APIC_LVT_CMCI = 0x2f0 };

static void put32(struct kvm_lapic_state *l, unsigned reg, uint32_t v)
{
    memcpy(l->regs + reg, &v, 4);
}

/* Power-up state (SDM volume 3, 11.4.7.1), and LINT0 open for the PIC on the boot CPU as firmware expects. */
static void apic_reset(struct device *d)
{
    struct kvm_apic *s = (struct kvm_apic *)d;
    struct vcpu *v = vcpu_of_apic(s);
    struct kvm_lapic_state l;
    uint32_t version;

    if (!v || ioctl(v->k.fd, KVM_GET_LAPIC, &l) < 0) {
        return;
    }
    memcpy(&version, l.regs + APIC_VERSION, 4);
    memset(&l, 0, sizeof(l));
    put32(&l, APIC_ID, s->index << 24);
    put32(&l, APIC_VERSION, version);
    put32(&l, APIC_SPIV, 0xff);
    put32(&l, APIC_DFR, UINT32_MAX);
    for (unsigned r = APIC_LVT_FIRST; r <= APIC_LVT_LAST; r += 0x10) {
        put32(&l, r, 0x10000);
    }
    put32(&l, APIC_LVT_CMCI, 0x10000);
    put32(&l, 0x350, s->index ? 0x10000 : 0x700);   /* LINT0: ExtINT */
    if (ioctl(v->k.fd, KVM_SET_LAPIC, &l) < 0) {
        log_unimp("KVM_SET_LAPIC: %s", g_strerror(errno));
    }
}

static const struct prop apic_props[] = {
    PROP_U32(struct kvm_apic, index, "index", 0, "of its CPU", .internal = true),
    PROP_LINK(struct kvm_apic, bus, "bus-device", "the local APICs' bus", .internal = true),
    PROP_LINK(struct kvm_apic, pic, "pic", "the i8259 pair", .internal = true),
};

static const struct host_field apic_host[] = { HOST(struct kvm_apic, intc) };

const struct device_type kvm_apic_type = {
    .name = "kvm-apic", .help = "the kernel's local APIC", .size = sizeof(struct kvm_apic), PROPS(apic_props),
    HOSTS(apic_host), .realize = apic_realize, .reset = apic_reset, .irq_in = apic_in,
};

#endif

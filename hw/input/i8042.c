/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The PC's keyboard controller (Intel 8042 with IBM's PS/2 program; IBM PS/2 Hardware Interface Technical Reference,
 * 1988) with a PS/2 keyboard and a PS/2 mouse on it (ps2.c), and the A20 gate with port 0x92.
 *
 * Ports: 0x60 data, 0x64 status and commands, 0x92 fast A20 and reset. Outputs: 0 the keyboard's line (ISA 1), 1 the
 * mouse's (ISA 12). A20: the line X86_LINE_A20M of every CPU.
 * Not modelled: passwords, timing of the serial lines.
 */
#include <string.h>

#include "hw/input/i8042_impl.h"
#include "system/cpu.h"
#include "system/machine.h"
#include "system/x86.h"
#include "util/log.h"

enum { ST_OBF = 1, ST_SYSTEM = 4, ST_COMMAND = 8, ST_UNLOCKED = 0x10, ST_MOUSE = 0x20 };
enum { MODE_KBD_INT = 1, MODE_MOUSE_INT = 2, MODE_SYSTEM = 4, MODE_KBD_OFF = 0x10, MODE_MOUSE_OFF = 0x20 };
enum { OUT_RESET = 1, OUT_A20 = 2 };

static struct i8042 *kbc(struct device *d)
{
    return (struct i8042 *)d;
}

/* ---- queues and lines ---- */

static bool has_byte(const struct i8042 *s, unsigned port)
{
    return s->count[port] && !(s->mode & (port == KBD ? MODE_KBD_OFF : MODE_MOUSE_OFF));
}

/* Which port's byte is at 0x60 now: KBD, MOUSE, or -1. One that the guest has been told of stays until it is read. */
static int ready(const struct i8042 *s)
{
    if (s->have_controller) {
        return s->from_controller_port;
    }
    if (s->shown && has_byte(s, s->shown - 1)) {
        return s->shown - 1;
    }
    return has_byte(s, KBD) ? KBD : has_byte(s, MOUSE) ? MOUSE : -1;
}

void i8042_update(struct device *d)
{
    struct i8042 *s = kbc(d);
    int r = ready(s);

    if (!s->have_controller) {
        s->shown = r + 1;
    }
    irq_set(&d->irq[KBD], r == KBD && (s->mode & MODE_KBD_INT));
    irq_set(&d->irq[MOUSE], r == MOUSE && (s->mode & MODE_MOUSE_INT));
}

static void say(struct i8042 *s, uint8_t v, unsigned port)
{
    s->from_controller = v;
    s->from_controller_port = port;
    s->have_controller = true;
}

static void set_a20(struct i8042 *s)
{
    struct machine *m = s->isa.dev.m;

    for (guint i = 0; i < m->cpus->len; i++) {
        cpu_irq_set(m->cpus->pdata[i], X86_LINE_A20M, !(s->out_port & OUT_A20));
    }
}

static void write_out_port(struct i8042 *s, uint8_t v)
{
    s->out_port = v;
    set_a20(s);
    if (!(v & OUT_RESET)) {
        machine_request_reset(s->isa.dev.m, CAUSE_GUEST_RESET);
    }
}

/* ---- the controller's ports ---- */

static enum mem_result data_read(void *opaque, uint64_t offset, unsigned size, uint64_t *value, struct mem_attrs attrs)
{
    struct i8042 *s = opaque;
    int r = ready(s);

    if (s->have_controller) {
        s->have_controller = false;
        s->last = s->from_controller;
    } else if (r >= 0) {
        s->last = s->queue[r][s->head[r]];
        s->head[r] = (s->head[r] + 1) % PS2_QUEUE_BYTES;
        s->count[r]--;
        s->shown = 0;
        ps2_room(s);
    }
    /* The lines fall between bytes, so that each is an edge. */
    irq_set(&s->isa.dev.irq[KBD], false);
    irq_set(&s->isa.dev.irq[MOUSE], false);
    i8042_update(&s->isa.dev);
    *value = s->last;
    return MEM_OK;
}

static enum mem_result data_write(void *opaque, uint64_t offset, unsigned size, uint64_t value, struct mem_attrs attrs)
{
    struct i8042 *s = opaque;
    uint8_t v = value, pending = s->pending;

    s->pending = 0;
    switch (pending) {
    case 0x60:
        s->mode = v;
        break;
    case 0xd1:
        write_out_port(s, v);
        break;
    case 0xd2:
        say(s, v, KBD);
        break;
    case 0xd3:
        say(s, v, MOUSE);
        break;
    case 0xd4:
        ps2_mouse_write(s, v);
        break;
    default:
        s->mode &= ~MODE_KBD_OFF;
        ps2_keyboard_write(s, v);
    }
    i8042_update(&s->isa.dev);
    return MEM_OK;
}

static enum mem_result status_read(void *opaque, uint64_t offset, unsigned size, uint64_t *value,
                                   struct mem_attrs attrs)
{
    struct i8042 *s = opaque;
    int r = ready(s);

    *value = ST_UNLOCKED | (s->mode & MODE_SYSTEM) | (s->pending ? ST_COMMAND : 0) | (r >= 0 ? ST_OBF : 0) |
             (r == MOUSE ? ST_MOUSE : 0);
    return MEM_OK;
}

static enum mem_result command_write(void *opaque, uint64_t offset, unsigned size, uint64_t value,
                                     struct mem_attrs attrs)
{
    struct i8042 *s = opaque;
    uint8_t v = value;

    s->pending = 0;
    switch (v) {
    case 0x20: say(s, s->mode, KBD); break;
    case 0x60: case 0xd1: case 0xd2: case 0xd3: case 0xd4: s->pending = v; break;
    case 0xa7: s->mode |= MODE_MOUSE_OFF; break;
    case 0xa8: s->mode &= ~MODE_MOUSE_OFF; break;
    case 0xa9: say(s, 0, KBD); break;
    case 0xaa:
        s->mode |= MODE_SYSTEM;
        say(s, 0x55, KBD);
        break;
    case 0xab: say(s, 0, KBD); break;
    case 0xad: s->mode |= MODE_KBD_OFF; break;
    case 0xae: s->mode &= ~MODE_KBD_OFF; break;
    case 0xc0: say(s, 0x80, KBD); break;
    case 0xd0:
        say(s, s->out_port | (ready(s) == KBD ? 0x10 : 0) | (ready(s) == MOUSE ? 0x20 : 0), KBD);
        break;
    case 0xdd: write_out_port(s, s->out_port & ~OUT_A20); break;
    case 0xdf: write_out_port(s, s->out_port | OUT_A20); break;
    case 0xff: break;
    default:
        if (v >= 0xf0 && !(v & 1)) {        /* pulse the reset line */
            machine_request_reset(s->isa.dev.m, CAUSE_GUEST_RESET);
        } else if (v < 0xf0) {
            log_guest("i8042: unknown command 0x%02x", v);
        }
    }
    i8042_update(&s->isa.dev);
    return MEM_OK;
}

static enum mem_result port92_read(void *opaque, uint64_t offset, unsigned size, uint64_t *value,
                                   struct mem_attrs attrs)
{
    *value = ((struct i8042 *)opaque)->out_port & OUT_A20;
    return MEM_OK;
}

static enum mem_result port92_write(void *opaque, uint64_t offset, unsigned size, uint64_t value,
                                    struct mem_attrs attrs)
{
    struct i8042 *s = opaque;

    s->out_port = (s->out_port & ~OUT_A20) | (value & OUT_A20);
    set_a20(s);
    if (value & 1) {
        machine_request_reset(s->isa.dev.m, CAUSE_GUEST_RESET);
    }
    return MEM_OK;
}

static const struct mmio_ops data_ops = { .read = data_read, .write = data_write, .impl_max = 1 };
static const struct mmio_ops command_ops = { .read = status_read, .write = command_write, .impl_max = 1 };
static const struct mmio_ops port92_ops = { .read = port92_read, .write = port92_write, .impl_max = 1 };

/* ---- life ---- */

static bool realize(struct device *d, GError **err)
{
    struct i8042 *s = kbc(d);
    struct isa_bus *bus = isa_bus_of(&s->isa);

    mem_mmio_init(&s->data, &d->m->memory, "i8042-data", 1, &data_ops, s);
    mem_mmio_init(&s->command, &d->m->memory, "i8042-command", 1, &command_ops, s);
    mem_mmio_init(&s->port92, &d->m->memory, "port92", 1, &port92_ops, s);
    s->data.busy = s->command.busy = s->port92.busy = &d->in_mmio;
    mem_map(bus->io, 0x60, &s->data, 0);
    mem_map(bus->io, 0x64, &s->command, 0);
    mem_map(bus->io, 0x92, &s->port92, 0);
    device_connect(d, KBD, isa_line(bus, 1));
    device_connect(d, MOUSE, isa_line(bus, 12));
    ps2_init(s);
    return true;
}

static void unrealize(struct device *d)
{
    struct i8042 *s = kbc(d);

    ps2_free(s);
    mem_region_free(&s->data);
    mem_region_free(&s->command);
    mem_region_free(&s->port92);
}

static void reset(struct device *d)
{
    struct i8042 *s = kbc(d);

    s->mode = MODE_KBD_INT | MODE_MOUSE_INT;
    s->out_port = OUT_RESET | OUT_A20;
    s->pending = s->last = 0;
    s->have_controller = false;
    s->shown = 0;
    ps2_reset(s);
    set_a20(s);
}

static bool after_load(struct device *d, GError **err)
{
    struct i8042 *s = kbc(d);

    for (unsigned p = 0; p < PORTS; p++) {
        s->head[p] %= PS2_QUEUE_BYTES;
        s->count[p] = MIN(s->count[p], PS2_QUEUE_BYTES);
    }
    s->from_controller_port &= 1;
    s->shown = MIN(s->shown, PORTS);
    set_a20(s);
    return true;
}

static const struct field state[] = {
    FIELD(struct i8042, mode), FIELD(struct i8042, out_port), FIELD(struct i8042, pending), FIELD(struct i8042, last),
    FIELD(struct i8042, from_controller), FIELD(struct i8042, from_controller_port), FIELD(struct i8042, have_controller),
    FIELD(struct i8042, shown),
    FIELD_BYTES(struct i8042, queue), FIELD_ARRAY(struct i8042, head), FIELD_ARRAY(struct i8042, count),
    FIELD_ARRAY(struct i8042, expects), FIELD(struct i8042, scanning), FIELD(struct i8042, wrap),
    FIELD(struct i8042, leds), FIELD(struct i8042, rate_kbd), FIELD(struct i8042, scan_set),
    FIELD(struct i8042, mouse_status), FIELD(struct i8042, mouse_rate), FIELD(struct i8042, mouse_resolution),
    FIELD(struct i8042, mouse_id), FIELD_ARRAY(struct i8042, knock), FIELD_ARRAY(struct i8042, moved),
    FIELD(struct i8042, buttons), FIELD(struct i8042, buttons_told),
};

static const struct host_field host[] = {
    HOST(struct i8042, data), HOST(struct i8042, command), HOST(struct i8042, port92),
    HOST(struct i8042, keyboard), HOST(struct i8042, mouse),
};

const struct device_type i8042_type = {
    .name = "i8042", .help = "PC keyboard controller with keyboard and mouse", .base = &isa_device_type,
    .bus = &isa_bus_type, .size = sizeof(struct i8042), STATE(state), HOSTS(host), .irqs = 2, .realize = realize,
    .unrealize = unrealize, .reset = reset, .update = i8042_update, .after_load = after_load,
};

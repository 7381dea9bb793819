/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The PC's keyboard controller (Intel 8042 with IBM's PS/2 program; IBM PS/2 Hardware Interface Technical Reference,
 * 1988) with a PS/2 keyboard and a PS/2 mouse on it, and the A20 gate with port 0x92.
 *
 * Ports: 0x60 data, 0x64 status and commands, 0x92 fast A20 and reset. Outputs: 0 the keyboard's line (ISA 1), 1 the
 * mouse's (ISA 12). A20: the line X86_LINE_A20M of every CPU.
 * Not modelled: keys and movements (there is no display to take them from yet), passwords, timing of the serial lines.
 */
#include <string.h>

#include "hw/isa/isa.h"
#include "system/cpu.h"
#include "system/machine.h"
#include "system/x86.h"
#include "util/log.h"

#define QUEUE_BYTES 16

enum { ST_OBF = 1, ST_SYSTEM = 4, ST_COMMAND = 8, ST_UNLOCKED = 0x10, ST_MOUSE = 0x20 };
enum { MODE_KBD_INT = 1, MODE_MOUSE_INT = 2, MODE_SYSTEM = 4, MODE_KBD_OFF = 0x10, MODE_MOUSE_OFF = 0x20,
       MODE_TRANSLATE = 0x40 };
enum { OUT_RESET = 1, OUT_A20 = 2 };
enum { KBD, MOUSE, PORTS };
enum { ACK = 0xfa, RESEND = 0xfe, SELF_TEST_OK = 0xaa };
enum { MOUSE_REMOTE = 0x40, MOUSE_ENABLED = 0x20, MOUSE_SCALE2 = 0x10 };

struct i8042 {
    struct isa_device isa;
    uint8_t mode, out_port;
    uint8_t pending;            /* the command whose data byte comes at port 0x60 */
    uint8_t last;               /* what port 0x60 gave last */
    uint8_t from_controller, from_controller_port;     /* a byte of the controller's own waits; as whose it counts */
    bool have_controller;
    uint8_t queue[PORTS][QUEUE_BYTES], head[PORTS], count[PORTS];
    uint8_t expects[PORTS];     /* the device's command whose parameter comes next; 0: none */
    bool scanning, wrap;
    uint8_t leds, rate_kbd, scan_set;
    uint8_t mouse_status, mouse_rate, mouse_resolution, mouse_id;
    uint8_t knock[3];           /* the last rates, for the wheel's */
    struct mem_region data, command, port92;
};

static struct i8042 *kbc(struct device *d)
{
    return (struct i8042 *)d;
}

/* ---- queues and lines ---- */

/* Which port's byte is at 0x60 now: KBD, MOUSE, or -1. */
static int ready(const struct i8042 *s)
{
    if (s->have_controller) {
        return s->from_controller_port;
    }
    if (s->count[KBD] && !(s->mode & MODE_KBD_OFF)) {
        return KBD;
    }
    return s->count[MOUSE] && !(s->mode & MODE_MOUSE_OFF) ? MOUSE : -1;
}

static void update(struct device *d)
{
    struct i8042 *s = kbc(d);
    int r = ready(s);

    irq_set(&d->irq[KBD], r == KBD && (s->mode & MODE_KBD_INT));
    irq_set(&d->irq[MOUSE], r == MOUSE && (s->mode & MODE_MOUSE_INT));
}

static void push(struct i8042 *s, unsigned port, uint8_t v)
{
    if (s->count[port] < QUEUE_BYTES) {
        s->queue[port][(s->head[port] + s->count[port]++) % QUEUE_BYTES] = v;
    }
}

static void say(struct i8042 *s, uint8_t v, unsigned port)
{
    s->from_controller = v;
    s->from_controller_port = port;
    s->have_controller = true;
}

static void clear(struct i8042 *s, unsigned port)
{
    s->count[port] = 0;
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

/* ---- keyboard ---- */

static void keyboard_defaults(struct i8042 *s)
{
    s->rate_kbd = 0x2b;
    s->scan_set = 2;
    s->leds = 0;
}

static void keyboard_parameter(struct i8042 *s, uint8_t v)
{
    uint8_t command = s->expects[KBD];

    s->expects[KBD] = 0;
    push(s, KBD, ACK);
    if (command == 0xed) {
        s->leds = v & 7;
    } else if (command == 0xf3) {
        s->rate_kbd = v;
    } else if (command == 0xf0 && v == 0) {
        push(s, KBD, s->scan_set);
    } else if (command == 0xf0 && v <= 3) {
        s->scan_set = v;
    }
}

static void keyboard_write(struct i8042 *s, uint8_t v)
{
    if (s->expects[KBD]) {
        keyboard_parameter(s, v);
        return;
    }
    switch (v) {
    case 0xed: case 0xf0: case 0xf3:
        s->expects[KBD] = v;
        push(s, KBD, ACK);
        break;
    case 0xee:
        push(s, KBD, 0xee);
        break;
    case 0xf2:
        push(s, KBD, ACK);
        push(s, KBD, 0xab);
        push(s, KBD, 0x83);
        break;
    case 0xf4: case 0xf5: case 0xf6:
        if (v != 0xf4) {
            keyboard_defaults(s);
            clear(s, KBD);
        }
        s->scanning = v != 0xf5;
        push(s, KBD, ACK);
        break;
    case 0xff:
        keyboard_defaults(s);
        s->scanning = true;
        clear(s, KBD);
        push(s, KBD, ACK);
        push(s, KBD, SELF_TEST_OK);
        break;
    default:
        push(s, KBD, RESEND);
    }
}

/* ---- mouse ---- */

static void mouse_defaults(struct i8042 *s)
{
    s->mouse_rate = 100;
    s->mouse_resolution = 2;
    s->mouse_status = 0;
}

static void mouse_parameter(struct i8042 *s, uint8_t v)
{
    uint8_t command = s->expects[MOUSE];

    s->expects[MOUSE] = 0;
    push(s, MOUSE, ACK);
    if (command == 0xe8) {
        s->mouse_resolution = v;
    } else if (command == 0xf3) {
        s->mouse_rate = v;
        memmove(s->knock, s->knock + 1, 2);
        s->knock[2] = v;
        if (!memcmp(s->knock, "\xc8\x64\x50", 3)) {     /* 200, 100, 80: the driver knows the wheel */
            s->mouse_id = 3;
        }
    }
}

static void mouse_write(struct i8042 *s, uint8_t v)
{
    if (s->expects[MOUSE]) {
        mouse_parameter(s, v);
        return;
    }
    if (s->wrap && v != 0xec && v != 0xff) {
        push(s, MOUSE, v);
        return;
    }
    switch (v) {
    case 0xe6: s->mouse_status &= ~MOUSE_SCALE2; break;
    case 0xe7: s->mouse_status |= MOUSE_SCALE2; break;
    case 0xe8: case 0xf3: s->expects[MOUSE] = v; break;
    case 0xea: s->mouse_status &= ~MOUSE_REMOTE; break;
    case 0xec: s->wrap = false; break;
    case 0xee: s->wrap = true; break;
    case 0xf0: s->mouse_status |= MOUSE_REMOTE; break;
    case 0xf4: s->mouse_status |= MOUSE_ENABLED; break;
    case 0xf5: s->mouse_status &= ~MOUSE_ENABLED; break;
    case 0xf6: mouse_defaults(s); break;
    case 0xe9: case 0xeb: case 0xf2: case 0xff: break;
    default:
        push(s, MOUSE, RESEND);
        return;
    }
    if (v == 0xff) {
        mouse_defaults(s);
        s->mouse_id = 0;
        s->wrap = false;
        clear(s, MOUSE);
    }
    push(s, MOUSE, ACK);
    if (v == 0xff) {
        push(s, MOUSE, SELF_TEST_OK);
        push(s, MOUSE, s->mouse_id);
    } else if (v == 0xf2) {
        push(s, MOUSE, s->mouse_id);
    } else if (v == 0xe9) {
        push(s, MOUSE, s->mouse_status);
        push(s, MOUSE, s->mouse_resolution);
        push(s, MOUSE, s->mouse_rate);
    } else if (v == 0xeb) {         /* a report: nothing has moved */
        push(s, MOUSE, 0x08);
        push(s, MOUSE, 0);
        push(s, MOUSE, 0);
        if (s->mouse_id) {
            push(s, MOUSE, 0);
        }
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
        s->head[r] = (s->head[r] + 1) % QUEUE_BYTES;
        s->count[r]--;
    }
    /* The lines fall between bytes, so that each is an edge. */
    irq_set(&s->isa.dev.irq[KBD], false);
    irq_set(&s->isa.dev.irq[MOUSE], false);
    update(&s->isa.dev);
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
        mouse_write(s, v);
        break;
    default:
        s->mode &= ~MODE_KBD_OFF;
        keyboard_write(s, v);
    }
    update(&s->isa.dev);
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
    update(&s->isa.dev);
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
    return true;
}

static void unrealize(struct device *d)
{
    struct i8042 *s = kbc(d);

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
    for (unsigned p = 0; p < PORTS; p++) {
        s->head[p] = s->count[p] = s->expects[p] = 0;
    }
    s->scanning = true;
    s->wrap = false;
    keyboard_defaults(s);
    mouse_defaults(s);
    s->mouse_id = 0;
    memset(s->knock, 0, sizeof(s->knock));
    set_a20(s);
}

static bool after_load(struct device *d, GError **err)
{
    struct i8042 *s = kbc(d);

    for (unsigned p = 0; p < PORTS; p++) {
        s->head[p] %= QUEUE_BYTES;
        s->count[p] = MIN(s->count[p], QUEUE_BYTES);
    }
    s->from_controller_port &= 1;
    set_a20(s);
    return true;
}

static const struct field state[] = {
    FIELD(struct i8042, mode), FIELD(struct i8042, out_port), FIELD(struct i8042, pending), FIELD(struct i8042, last),
    FIELD(struct i8042, from_controller), FIELD(struct i8042, from_controller_port), FIELD(struct i8042, have_controller),
    FIELD_BYTES(struct i8042, queue), FIELD_ARRAY(struct i8042, head), FIELD_ARRAY(struct i8042, count),
    FIELD_ARRAY(struct i8042, expects), FIELD(struct i8042, scanning), FIELD(struct i8042, wrap),
    FIELD(struct i8042, leds), FIELD(struct i8042, rate_kbd), FIELD(struct i8042, scan_set),
    FIELD(struct i8042, mouse_status), FIELD(struct i8042, mouse_rate), FIELD(struct i8042, mouse_resolution),
    FIELD(struct i8042, mouse_id), FIELD_ARRAY(struct i8042, knock),
};

static const struct host_field host[] = {
    HOST(struct i8042, data), HOST(struct i8042, command), HOST(struct i8042, port92),
};

const struct device_type i8042_type = {
    .name = "i8042", .help = "PC keyboard controller with keyboard and mouse", .base = &isa_device_type,
    .bus = &isa_bus_type, .size = sizeof(struct i8042), STATE(state), HOSTS(host), .irqs = 2, .realize = realize,
    .unrealize = unrealize, .reset = reset, .update = update, .after_load = after_load,
};

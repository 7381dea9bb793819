/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-serial: consoles and named byte streams between guest and host (Virtio 1.2, 5.3, console device).
 *
 * Queues: 0 and 1 receive and transmit of port 0, 2 and 3 the same for control messages, then two for each further port.
 * Bus: virtio-serial-bus, ID.0 where the device has an id; its places are ports: virtconsole (hvcN in the guest) and
 * virtserialport (a device file with a name). Port 0 is kept for a console: drivers without MULTIPORT know only it.
 * Both directions wait: bytes that the chardev does not take stay in the guest's buffer, bytes for which the guest has no
 * buffer stay in the chardev.
 *
 * Not modelled: the console's size.
 */
#include <string.h>

#include "chardev/chardev.h"
#include "hw/virtio/virtio.h"
#include "system/machine.h"
#include "util/log.h"

enum { F_MULTIPORT = 1, F_EMERG_WRITE = 2 };
enum { DEVICE_READY, DEVICE_ADD, DEVICE_REMOVE, PORT_READY, CONSOLE_PORT, RESIZE, PORT_OPEN, PORT_NAME };

#define CONFIG_BYTES 12
#define CONFIG_EMERG 8          /* offset of emerg_wr */
#define MESSAGE_BYTES 8         /* id 4, event 2, value 2 */
#define MESSAGES_MAX 1024       /* that wait for a buffer */
#define QUEUE_ENTRIES 128
#define PORTS_MAX 63
#define ANY_NR UINT32_MAX

struct port;

struct virtio_serial {
    struct virtio_device vd;
    /* properties */
    uint32_t max_ports;
    bool emergency_write;
    /* host */
    struct bus bus;
    struct port *ports[PORTS_MAX];
    GQueue *messages;           /* of GBytes, for the guest */
};

struct port {
    struct device dev;
    /* properties */
    struct chardev *chardev;
    char *name;
    uint32_t nr_prop;
    /* guest-visible state */
    bool guest_open;
    /* host */
    struct virtio_serial *s;
    uint32_t nr;
    struct chardev_fe fe;
    bool host_open;
    struct virtio_element *tx;  /* under way to the chardev */
    size_t tx_done;
};

static bool is_console(const struct port *p);

static struct virtio_queue *rx_queue(const struct port *p)
{
    return &p->s->vd.queues[p->nr ? 2 + 2 * p->nr : 0];
}

static struct virtio_queue *tx_queue(const struct port *p)
{
    return rx_queue(p) + 1;
}

static bool multiport(const struct virtio_serial *s)
{
    return virtio_has(&s->vd, F_MULTIPORT);
}

/* ---- control messages ---- */

static void send_messages(struct virtio_serial *s)
{
    struct virtio_queue *vq = &s->vd.queues[2];
    struct virtio_element *e;

    while (!g_queue_is_empty(s->messages) && (e = virtio_pop(vq))) {
        g_autoptr(GBytes) b = g_queue_pop_head(s->messages);
        gsize len;
        const void *data = g_bytes_get_data(b, &len);

        virtio_push(e, virtio_write_in(e, 0, data, len));
    }
}

static void message(struct virtio_serial *s, uint32_t nr, uint16_t event, uint16_t value, const char *text)
{
    g_autoptr(GByteArray) b = g_byte_array_new();

    if (!s->vd.started || !multiport(s)) {
        return;
    }
    if (g_queue_get_length(s->messages) >= MESSAGES_MAX) {
        log_guest("%s: the driver takes no control messages; one is lost", s->vd.dev.type->name);
        return;
    }
    nr = GUINT32_TO_LE(nr);
    event = GUINT16_TO_LE(event);
    value = GUINT16_TO_LE(value);
    g_byte_array_append(b, (uint8_t *)&nr, 4);
    g_byte_array_append(b, (uint8_t *)&event, 2);
    g_byte_array_append(b, (uint8_t *)&value, 2);
    if (text) {
        g_byte_array_append(b, (const uint8_t *)text, strlen(text));
    }
    g_queue_push_tail(s->messages, g_byte_array_free_to_bytes(g_steal_pointer(&b)));
    send_messages(s);
}

static void port_ready(struct port *p)
{
    if (is_console(p)) {
        message(p->s, p->nr, CONSOLE_PORT, 1, NULL);
    }
    if (p->name) {
        message(p->s, p->nr, PORT_NAME, 1, p->name);
    }
    if (p->host_open) {
        message(p->s, p->nr, PORT_OPEN, 1, NULL);
    }
}

static void take_message(struct virtio_serial *s, const uint8_t *raw)
{
    uint32_t nr;
    uint16_t event, value;
    struct port *p;

    memcpy(&nr, raw, 4);
    memcpy(&event, raw + 4, 2);
    memcpy(&value, raw + 6, 2);
    nr = GUINT32_FROM_LE(nr);
    event = GUINT16_FROM_LE(event);
    value = GUINT16_FROM_LE(value);
    if (event == DEVICE_READY) {
        for (unsigned i = 0; value && i < s->max_ports; i++) {
            if (s->ports[i]) {
                message(s, i, DEVICE_ADD, 1, NULL);
            }
        }
        return;
    }
    p = nr < s->max_ports ? s->ports[nr] : NULL;
    if (!p) {
        log_guest("%s: control message %u for port %u, which there is not", s->vd.dev.type->name, event, nr);
    } else if (event == PORT_READY && value) {
        port_ready(p);
    } else if (event == PORT_OPEN) {
        p->guest_open = value;
        chardev_fe_accept_input(&p->fe);
    }
}

static void control(struct virtio_serial *s)
{
    struct virtio_element *e;

    while ((e = virtio_pop(&s->vd.queues[3]))) {
        uint8_t raw[MESSAGE_BYTES];
        bool whole = virtio_read_out(e, 0, raw, sizeof raw) == sizeof raw;

        virtio_push(e, 0);
        if (whole) {
            take_message(s, raw);
        } else {
            log_guest("%s: a short control message", s->vd.dev.type->name);
        }
    }
}

/* ---- guest to host ---- */

/* Hands the current element to the chardev; false: that is full, and calls writable() later. */
static bool tx_element(struct port *p)
{
    struct virtio_element *e = p->tx;
    size_t skip = p->tx_done;

    for (unsigned i = 0; i < e->out_num; i++) {
        size_t len = e->out[i].iov_len, n;

        if (skip >= len) {
            skip -= len;
            continue;
        }
        n = chardev_fe_write(&p->fe, (uint8_t *)e->out[i].iov_base + skip, len - skip);
        p->tx_done += n;
        if (n < len - skip) {
            return false;
        }
        skip = 0;
    }
    p->tx = NULL;
    virtio_push(e, 0);
    return true;
}

static void transmit(struct port *p)
{
    while (p->tx || (p->tx = virtio_pop(tx_queue(p)))) {
        if (!tx_element(p)) {
            return;
        }
        p->tx_done = 0;
    }
}

static void tx_drop(struct port *p)
{
    if (p->tx) {
        virtio_drop(p->tx);
        p->tx = NULL;
    }
    p->tx_done = 0;
}

static void writable(void *opaque)
{
    struct port *p = opaque;

    machine_lock(p->dev.m);
    transmit(p);
    machine_unlock(p->dev.m);
}

/* ---- host to guest ---- */

static size_t can_receive(void *opaque)
{
    struct port *p = opaque;
    size_t room = 0;

    machine_lock(p->dev.m);
    while (!room && (p->guest_open || !multiport(p->s))) {
        struct virtio_element *e = virtio_pop(rx_queue(p));

        if (!e) {
            break;
        }
        room = e->in_bytes;
        if (room) {
            virtio_unpop(e);        /* just a look: nothing is held while no bytes come */
        } else {
            virtio_push(e, 0);      /* a buffer without bytes would be in the way for ever */
        }
    }
    machine_unlock(p->dev.m);
    return room;
}

static void receive(void *opaque, const uint8_t *buf, size_t len)
{
    struct port *p = opaque;
    struct virtio_element *e;

    machine_lock(p->dev.m);
    /* The buffer may have gone with a reset since can_receive(); then so have the bytes. */
    while (len && (e = virtio_pop(rx_queue(p)))) {
        size_t n = virtio_write_in(e, 0, buf, len);

        virtio_push(e, n);
        buf += n;
        len -= n;
    }
    machine_unlock(p->dev.m);
}

static void event(void *opaque, enum chardev_event ev)
{
    struct port *p = opaque;

    if ((ev == CHARDEV_OPENED || ev == CHARDEV_CLOSED) && !is_console(p)) {
        machine_lock(p->dev.m);
        if (p->host_open != (ev == CHARDEV_OPENED)) {
            p->host_open = ev == CHARDEV_OPENED;
            message(p->s, p->nr, PORT_OPEN, p->host_open, NULL);
        }
        machine_unlock(p->dev.m);
    }
}

static const struct chardev_fe_ops fe_ops = {
    .can_receive = can_receive, .receive = receive, .event = event, .writable = writable,
};

/* ---- the device ---- */

static void notify(struct virtio_device *vd, struct virtio_queue *vq)
{
    struct virtio_serial *s = (struct virtio_serial *)vd;
    unsigned i = vq->index;
    struct port *p = s->ports[i < 2 ? 0 : i / 2 - 1];

    if (i == 2) {
        send_messages(s);
    } else if (i == 3) {
        control(s);
    } else if (!p) {
        log_guest("%s: queue %u belongs to no port", vd->dev.type->name, i);
    } else if (i & 1) {
        transmit(p);
    } else {
        chardev_fe_accept_input(&p->fe);
    }
}

static uint64_t features(struct virtio_device *vd)
{
    struct virtio_serial *s = (struct virtio_serial *)vd;

    return (uint64_t)(s->max_ports > 1) << F_MULTIPORT | (uint64_t)s->emergency_write << F_EMERG_WRITE;
}

static void get_config(struct virtio_device *vd, uint8_t *c)
{
    struct virtio_serial *s = (struct virtio_serial *)vd;
    uint32_t max = GUINT32_TO_LE(s->max_ports);

    memcpy(c + 4, &max, 4);
}

static void set_config(struct virtio_device *vd, const uint8_t *c, unsigned offset, unsigned size)
{
    struct virtio_serial *s = (struct virtio_serial *)vd;

    if (s->emergency_write && offset <= CONFIG_EMERG && offset + size > CONFIG_EMERG && s->ports[0]) {
        chardev_fe_write(&s->ports[0]->fe, c + CONFIG_EMERG, 1);
    }
}

static void set_status(struct virtio_device *vd, uint8_t status)
{
    struct virtio_serial *s = (struct virtio_serial *)vd;

    if (vd->started && s->ports[0]) {
        chardev_fe_accept_input(&s->ports[0]->fe);
    }
}

static void reset(struct virtio_device *vd)
{
    struct virtio_serial *s = (struct virtio_serial *)vd;

    g_queue_clear_full(s->messages, (GDestroyNotify)g_bytes_unref);
    for (unsigned i = 0; i < s->max_ports; i++) {
        if (s->ports[i]) {
            s->ports[i]->guest_open = false;
            tx_drop(s->ports[i]);
        }
    }
}

static const struct virtio_desc desc = {
    .id = VIRTIO_ID_CONSOLE, .config_size = CONFIG_BYTES, .transitional_pci_id = 0x1003, .pci_class = 0x0780,
    .pci_vectors = 2,
    .features = features, .get_config = get_config, .set_config = set_config, .notify = notify, .set_status = set_status,
    .reset = reset,
};

/* ---- the bus ---- */

static bool attach(struct bus *bus, struct device *d, GError **err)
{
    struct virtio_serial *s = (struct virtio_serial *)bus->owner;
    struct port *p = (struct port *)d;
    uint32_t nr = p->nr_prop;

    if (nr == ANY_NR) {
        for (nr = !is_console(p); nr < s->max_ports && s->ports[nr]; nr++) {
        }
    }
    if (nr >= s->max_ports || s->ports[nr] || (!nr && !is_console(p))) {
        g_set_error(err, g_quark_from_static_string("virtio"), 0, "-device %s: nr=%u: %s on bus '%s', which has ports 0 to %u",
                    d->type->name, nr, nr >= s->max_ports ? "there is no such port"
                    : !nr && !is_console(p) ? "port 0 is for a virtconsole" : "this port is taken", bus->name, s->max_ports - 1);
        return false;
    }
    p->s = s;
    p->nr = nr;
    s->ports[nr] = p;
    return true;
}

static void detach(struct bus *bus, struct device *d)
{
    struct port *p = (struct port *)d;

    p->s->ports[p->nr] = NULL;
}

static const struct bus_type virtio_serial_bus_type = { .name = "virtio-serial-bus", .attach = attach, .detach = detach };

/* What the user has named: this device, or the PCI function that brought it along. */
static const char *users_id(const struct device *d)
{
    const struct device *owner = d->parent_bus ? d->parent_bus->owner : NULL;

    return d->id ? d->id : owner && owner->child == d ? owner->id : NULL;
}

static bool realize(struct device *d, GError **err)
{
    struct virtio_serial *s = (struct virtio_serial *)d;
    const char *id = users_id(d);
    g_autofree char *name = NULL;
    unsigned n = 0;

    if (s->max_ports < 1 || s->max_ports > PORTS_MAX) {
        g_set_error(err, g_quark_from_static_string("virtio"), 0, "-device %s: max_ports=%u: accepted: 1 to %u", d->type->name,
                    s->max_ports, PORTS_MAX);
        return false;
    }
    for (unsigned i = 0; i < 2 + 2 * s->max_ports; i++) {
        virtio_queue_add(&s->vd, QUEUE_ENTRIES);
    }
    for (unsigned i = 0; i < d->m->buses->len; i++) {
        n += ((struct bus *)d->m->buses->pdata[i])->type == &virtio_serial_bus_type;
    }
    name = id ? g_strdup_printf("%s.0", id) : g_strdup_printf("virtio-serial-bus.%u", n);
    s->messages = g_queue_new();
    bus_init(&s->bus, d->m, &virtio_serial_bus_type, d, name);
    return true;
}

static void unrealize(struct device *d)
{
    struct virtio_serial *s = (struct virtio_serial *)d;

    bus_free(&s->bus, d->m);
    g_queue_free_full(s->messages, (GDestroyNotify)g_bytes_unref);
}

static const struct prop props[] = {
    PROP_U32(struct virtio_serial, max_ports, "max_ports", 31, "ports that fit, up to 63; 1: a console without MULTIPORT"),
    PROP_BOOL(struct virtio_serial, emergency_write, "emergency-write", true, "offer output before the queues are set up"),
};
static const struct host_field host[] = {
    HOST(struct virtio_serial, bus), HOST(struct virtio_serial, ports), HOST(struct virtio_serial, messages),
};

const struct device_type virtio_serial_type = {
    .name = "virtio-serial-device", .help = "virtio consoles and serial ports", .base = &virtio_device_type,
    .bus = &virtio_bus_type, .size = sizeof(struct virtio_serial), PROPS(props), HOSTS(host), .realize = realize,
    .unrealize = unrealize, .desc = &desc,
};

/* ---- ports ---- */

static bool port_realize(struct device *d, GError **err)
{
    struct port *p = (struct port *)d;

    p->host_open = is_console(p);
    if (!chardev_fe_attach(&p->fe, p->chardev, &fe_ops, p, err)) {
        return false;
    }
    message(p->s, p->nr, DEVICE_ADD, 1, NULL);
    return true;
}

static void port_unrealize(struct device *d)
{
    struct port *p = (struct port *)d;

    chardev_fe_detach(&p->fe);
    tx_drop(p);
    message(p->s, p->nr, DEVICE_REMOVE, 1, NULL);
}

static const struct prop port_props[] = {
    PROP_CHARDEV(struct port, chardev, "chardev", "id of the -chardev"),
    PROP_STRING(struct port, name, "name", NULL, "name that the guest sees"),
    PROP_U32(struct port, nr_prop, "nr", ANY_NR, "number of the port; the default: the first that is free"),
};
static const struct field port_state[] = { FIELD(struct port, guest_open) };
static const struct host_field port_host[] = {
    HOST(struct port, s), HOST(struct port, nr), HOST(struct port, fe), HOST(struct port, host_open), HOST(struct port, tx),
    HOST(struct port, tx_done),
};

const struct device_type virtconsole_type = {
    .name = "virtconsole", .help = "console on virtio-serial", .bus = &virtio_serial_bus_type, .size = sizeof(struct port),
    STATE(port_state), PROPS(port_props), HOSTS(port_host), .realize = port_realize, .unrealize = port_unrealize,
};

const struct device_type virtserialport_type = {
    .name = "virtserialport", .help = "named byte stream on virtio-serial", .bus = &virtio_serial_bus_type,
    .size = sizeof(struct port), STATE(port_state), PROPS(port_props), HOSTS(port_host), .realize = port_realize,
    .unrealize = port_unrealize,
};

static bool is_console(const struct port *p)
{
    return p->dev.type == &virtconsole_type;
}

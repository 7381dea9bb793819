/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QEMU's firmware configuration device, memory-mapped (docs/specs/fw_cfg.rst): the guest selects an item by number and
 * reads it byte by byte, or has it copied by DMA. File names are in a directory item.
 *
 * fw_cfg_mem: region with data at 0 (any width), selector at 8 (16 bits, big-endian), DMA address at 16 (64 bits,
 * big-endian; starts when the low half is written). No interrupt.
 * fw_cfg_io: twelve ports with the selector at 0 (16 bits, little-endian), data at 1 (8 bits), DMA address at 4.
 *
 * Not modelled: items that the guest may write (none is used by the boards here).
 */
#include "hw/misc/fw_cfg.h"

#include <stdlib.h>
#include <string.h>

#include "system/device.h"
#include "system/machine.h"
#include "util/log.h"

/* Keys with bit 15 are the architecture's own: they follow the others in items[]. */
enum { FILES_FIRST = 0x20, FILES_MAX = 64, PLAIN_ITEMS = FILES_FIRST + FILES_MAX, ARCH_ITEMS = 8,
       ITEMS = PLAIN_ITEMS + ARCH_ITEMS, KEY_NONE = 0xffff, KEY_MASK = 0x3fff };
enum { DMA_ERROR = 1, DMA_READ = 2, DMA_SKIP = 4, DMA_SELECT = 8, DMA_WRITE = 16 };

#define DMA_SIGNATURE 0x51454d5520434647ull     /* "QEMU CFG" */

struct item {
    char *name;
    uint8_t *data;
    uint32_t len;
    void (*selected)(void *opaque, uint8_t *data, uint32_t len);
    void *opaque;
};

struct fw_cfg {
    struct device dev;
    uint16_t selected;
    uint32_t position;
    uint64_t dma_addr;
    uint32_t file_count;
    struct item items[ITEMS];
    uint8_t *directory;
};

static struct fw_cfg *fw(struct device *d)
{
    return (struct fw_cfg *)d;
}

/* ---- what the board puts in ---- */

void fw_cfg_add_bytes(struct device *d, unsigned key, void *data, uint32_t len)
{
    unsigned index = key & FW_CFG_ARCH ? PLAIN_ITEMS + (key & KEY_MASK) : key;
    struct item *item = &fw(d)->items[index];

    g_assert(index < ITEMS && !item->data);
    item->data = data;
    item->len = len;
}

void fw_cfg_add_u16(struct device *d, unsigned key, uint16_t v)
{
    v = GUINT16_TO_LE(v);
    fw_cfg_add_bytes(d, key, g_memdup2(&v, sizeof(v)), sizeof(v));
}

void fw_cfg_add_u32(struct device *d, unsigned key, uint32_t v)
{
    v = GUINT32_TO_LE(v);
    fw_cfg_add_bytes(d, key, g_memdup2(&v, sizeof(v)), sizeof(v));
}

void fw_cfg_add_string(struct device *d, unsigned key, const char *text)
{
    fw_cfg_add_bytes(d, key, g_strdup(text), strlen(text) + 1);
}

static void put_be32(uint8_t *to, uint32_t v)
{
    v = GUINT32_TO_BE(v);
    memcpy(to, &v, sizeof(v));
}

/* The directory: a count, then for each file size, key, reserved, name; big-endian. Sorted by name, as firmware may
 * expect; keys stay as they were given. */
static int by_name(const void *a, const void *b)
{
    return strcmp((*(const struct item *const *)a)->name, (*(const struct item *const *)b)->name);
}

static void make_directory(struct fw_cfg *s)
{
    const struct item *sorted[FILES_MAX];
    uint32_t len = 4 + s->file_count * (8 + FW_CFG_NAME_MAX);

    for (unsigned i = 0; i < s->file_count; i++) {
        sorted[i] = &s->items[FILES_FIRST + i];
    }
    qsort(sorted, s->file_count, sizeof(sorted[0]), by_name);
    g_free(s->directory);
    s->directory = g_malloc0(len);
    put_be32(s->directory, s->file_count);
    for (unsigned i = 0; i < s->file_count; i++) {
        uint8_t *row = s->directory + 4 + i * (8 + FW_CFG_NAME_MAX);
        unsigned key = sorted[i] - s->items;

        put_be32(row, sorted[i]->len);
        row[4] = key >> 8;
        row[5] = key;
        strcpy((char *)row + 8, sorted[i]->name);
    }
    s->items[FW_CFG_FILE_DIR].data = s->directory;
    s->items[FW_CFG_FILE_DIR].len = len;
}

bool fw_cfg_add_file(struct device *d, const char *name, void *data, uint32_t len, GError **err)
{
    struct fw_cfg *s = fw(d);
    const char *why = NULL;

    if (!*name || strlen(name) >= FW_CFG_NAME_MAX) {
        why = "a name has 1 to 55 characters";
    } else if (s->file_count == FILES_MAX) {
        why = "there are 64 files already";
    }
    for (unsigned i = 0; i < s->file_count && !why; i++) {
        why = strcmp(s->items[FILES_FIRST + i].name, name) ? NULL : "there is a file of that name already";
    }
    if (why) {
        g_set_error(err, g_quark_from_static_string("device"), 0, "-fw_cfg name=%s: %s", name, why);
        g_free(data);
        return false;
    }
    s->items[FILES_FIRST + s->file_count].name = g_strdup(name);
    fw_cfg_add_bytes(d, FILES_FIRST + s->file_count++, data, len);
    make_directory(s);
    return true;
}

void fw_cfg_on_select(struct device *d, const char *name, void (*fn)(void *opaque, uint8_t *data, uint32_t len),
                      void *opaque)
{
    struct item *item = &fw(d)->items[FILES_FIRST];

    while (strcmp(item->name, name)) {
        item++;
    }
    item->selected = fn;
    item->opaque = opaque;
}

bool fw_cfg_add_boot(struct device *d, GError **err)
{
    const struct machine_options *o = &d->m->opt;
    uint16_t wait_ms = GUINT16_TO_LE(o->boot_splash_ms);
    uint32_t fail_ms = GUINT32_TO_LE(o->boot_fail_ms);

    fw_cfg_add_u16(d, FW_CFG_BOOT_MENU, o->boot_menu);
    return (o->boot_splash_ms < 0 ||
            fw_cfg_add_file(d, "etc/boot-menu-wait", g_memdup2(&wait_ms, sizeof(wait_ms)), sizeof(wait_ms), err)) &&
           fw_cfg_add_file(d, "etc/boot-fail-wait", g_memdup2(&fail_ms, sizeof(fail_ms)), sizeof(fail_ms), err);
}

/* ---- what the guest does ---- */

/* The selected item, or one without bytes. */
static const struct item *current(const struct fw_cfg *s)
{
    static const struct item none;
    unsigned key = s->selected & KEY_MASK;

    if (s->selected == KEY_NONE || key >= (s->selected & FW_CFG_ARCH ? ARCH_ITEMS : PLAIN_ITEMS)) {
        return &none;
    }
    return &s->items[s->selected & FW_CFG_ARCH ? PLAIN_ITEMS + key : key];
}

static void select_item(struct fw_cfg *s, uint16_t key)
{
    const struct item *item;

    s->selected = key;
    s->position = 0;
    item = current(s);
    if (item->selected) {
        item->selected(item->opaque, item->data, item->len);
    }
}

static uint64_t data_read(struct fw_cfg *s, unsigned size)
{
    const struct item *item = current(s);
    uint64_t v = 0;

    /* The port is a string of bytes: a wide read gives the first byte in the lowest address, and zeroes after the
     * end. */
    for (unsigned i = 0; i < size; i++) {
        if (s->position < item->len) {
            v |= (uint64_t)item->data[s->position++] << (8 * i);
        }
    }
    return v;
}

/* One transfer to the guest; false: DMA failed. */
static bool dma_copy(struct fw_cfg *s, uint64_t addr, uint32_t len)
{
    const struct item *item = current(s);
    uint32_t have = MIN(len, item->len - s->position);
    struct address_space *as = &s->dev.m->as;

    if (as_write(as, addr, item->data + s->position, have, MEM_ATTRS_NONE) != MEM_OK ||
        as_fill(as, addr + have, 0, len - have, MEM_ATTRS_NONE) != MEM_OK) {
        return false;
    }
    s->position += have;
    return true;
}

static void dma(struct fw_cfg *s)
{
    struct address_space *as = &s->dev.m->as;
    uint64_t at = s->dma_addr, addr;
    enum mem_result result;
    uint32_t control, len;
    bool ok = true;

    s->dma_addr = 0;
    control = as_ld32be(as, at, MEM_ATTRS_NONE, &result);
    len = as_ld32be(as, at + 4, MEM_ATTRS_NONE, NULL);
    addr = as_ld64be(as, at + 8, MEM_ATTRS_NONE, NULL);
    if (result != MEM_OK) {
        log_guest("fw_cfg: DMA descriptor at 0x%" G_GINT64_MODIFIER "x is not in memory", at);
        return;
    }
    if (control & DMA_SELECT) {
        select_item(s, control >> 16);
    }
    if (control & DMA_READ) {
        ok = dma_copy(s, addr, len);
    } else if (control & DMA_WRITE) {
        log_guest("fw_cfg: write to item 0x%x, which is read-only", s->selected);
        ok = false;
    } else if (control & DMA_SKIP) {
        s->position += MIN(len, current(s)->len - s->position);
    }
    as_st32be(as, at, ok ? 0 : DMA_ERROR, MEM_ATTRS_NONE);
}

static enum mem_result mmio_read(void *opaque, uint64_t offset, unsigned size, uint64_t *value, struct mem_attrs attrs)
{
    struct fw_cfg *s = opaque;

    if (offset < 8) {
        *value = attrs.debug ? 0 : data_read(s, size);
    } else if (offset >= 16 && offset + size <= 24) {
        uint64_t be = GUINT64_TO_BE(DMA_SIGNATURE);

        *value = 0;
        memcpy(value, (uint8_t *)&be + (offset - 16), size);
        *value = GUINT64_FROM_LE(*value);
    }
    return MEM_OK;
}

static enum mem_result mmio_write(void *opaque, uint64_t offset, unsigned size, uint64_t value, struct mem_attrs attrs)
{
    struct fw_cfg *s = opaque;

    if (offset == 8 && size == 2) {
        select_item(s, GUINT16_SWAP_LE_BE((uint16_t)value));
    } else if (offset == 16 && size == 8) {
        s->dma_addr = GUINT64_SWAP_LE_BE(value);
        dma(s);
    } else if (offset == 16 && size == 4) {
        s->dma_addr = (uint64_t)GUINT32_SWAP_LE_BE((uint32_t)value) << 32;
    } else if (offset == 20 && size == 4) {
        s->dma_addr |= GUINT32_SWAP_LE_BE((uint32_t)value);
        dma(s);
    } else if (offset >= 8) {
        log_guest("fw_cfg: write of %u bytes at offset 0x%" G_GINT64_MODIFIER "x", size, offset);
    }
    return MEM_OK;
}

/* ---- life ---- */

static bool realize(struct device *d, GError **err)
{
    fw_cfg_add_bytes(d, FW_CFG_SIGNATURE, g_memdup2("QEMU", 4), 4);
    fw_cfg_add_u32(d, FW_CFG_ID, 3);        /* traditional interface and DMA */
    make_directory(fw(d));
    return true;
}

static void unrealize(struct device *d)
{
    struct fw_cfg *s = fw(d);

    s->items[FW_CFG_FILE_DIR].data = NULL;
    for (unsigned i = 0; i < ITEMS; i++) {
        g_free(s->items[i].data);
        g_free(s->items[i].name);
    }
    g_free(s->directory);
    memset(s->items, 0, sizeof(s->items));
    s->directory = NULL;
    s->file_count = 0;
}

static void reset(struct device *d)
{
    struct fw_cfg *s = fw(d);

    select_item(s, FW_CFG_SIGNATURE);
    s->dma_addr = 0;
}

static bool after_load(struct device *d, GError **err)
{
    struct fw_cfg *s = fw(d);

    s->position = MIN(s->position, current(s)->len);
    return true;
}

static const struct field state[] = {
    FIELD(struct fw_cfg, selected), FIELD(struct fw_cfg, position), FIELD(struct fw_cfg, dma_addr),
};

static const struct host_field host[] = {
    HOST(struct fw_cfg, file_count), HOST(struct fw_cfg, items), HOST(struct fw_cfg, directory),
};

static const struct mmio_ops ops = { .read = mmio_read, .write = mmio_write };

/* ---- as ports ---- */

enum { PORT_SELECT = 0, PORT_DATA = 1, PORT_DMA = 4 };

static enum mem_result port_read(void *opaque, uint64_t offset, unsigned size, uint64_t *value, struct mem_attrs attrs)
{
    struct fw_cfg *s = opaque;

    if (offset >= PORT_DMA) {
        return mmio_read(opaque, offset - PORT_DMA + 16, size, value, attrs);
    }
    *value = offset == PORT_DATA && size == 1 && !attrs.debug ? data_read(s, 1) : 0;
    return MEM_OK;
}

static enum mem_result port_write(void *opaque, uint64_t offset, unsigned size, uint64_t value, struct mem_attrs attrs)
{
    if (offset >= PORT_DMA) {
        return mmio_write(opaque, offset - PORT_DMA + 16, size, value, attrs);
    }
    if (offset == PORT_SELECT && size == 2) {
        select_item(opaque, value);
    }
    return MEM_OK;
}

static const struct mmio_ops port_ops = { .read = port_read, .write = port_write };

const struct device_type fw_cfg_io_type = {
    .name = "fw_cfg_io", .help = "firmware configuration (ports)", .size = sizeof(struct fw_cfg),
    STATE(state), HOSTS(host), .mmio_size = 12, .mmio = &port_ops, .realize = realize, .unrealize = unrealize,
    .reset = reset, .after_load = after_load,
};

const struct device_type fw_cfg_type = {
    .name = "fw_cfg_mem", .help = "firmware configuration", .fdt = "qemu,fw-cfg-mmio", .size = sizeof(struct fw_cfg),
    STATE(state), HOSTS(host), .mmio_size = 24, .mmio = &ops, .realize = realize, .unrealize = unrealize,
    .reset = reset, .after_load = after_load,
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/board/virt.h"

#include "hw/misc/fw_cfg.h"
#include "hw/pci/gpex.h"
#include "system/machine.h"

#define FLASH_SECTOR_BYTES (256u << 10)

paddr virt_addr(struct machine *m, const char *id)
{
    return place_find(m->board, id)->addr;
}

struct device *virt_device_new(struct machine *m, const char *id, GError **err)
{
    const struct place *p = place_find(m->board, id);

    return device_new(m, device_type_find(p->type), p->id, err);
}

bool virt_device_finish(struct machine *m, struct device *d, GError **err)
{
    if (!d || !device_realize(d, NULL, err)) {
        if (d) {
            device_delete(d);
        }
        return false;
    }
    device_map(d, virt_addr(m, d->id));
    return true;
}

static bool add_items(struct machine *m, struct device *d, GError **err)
{
    fw_cfg_add_u16(d, FW_CFG_NB_CPUS, m->opt.cpus);
    fw_cfg_add_u16(d, FW_CFG_MAX_CPUS, m->opt.max_cpus);
    fw_cfg_add_u16(d, FW_CFG_NOGRAPHIC, !m->opt.graphics);
    fw_cfg_add_bytes(d, FW_CFG_UUID, g_memdup2(m->opt.uuid, sizeof m->opt.uuid), sizeof m->opt.uuid);
    if (!fw_cfg_add_boot(d, err)) {
        return false;
    }
    for (guint i = 0; i < m->opt.fw_cfg->len; i++) {
        const struct fw_cfg_option *o = &g_array_index(m->opt.fw_cfg, struct fw_cfg_option, i);

        if (!fw_cfg_add_file(d, o->name, g_memdup2(o->data, o->len), o->len, err)) {
            return false;
        }
    }
    return true;
}

struct device *virt_fw_cfg(struct machine *m, GError **err)
{
    struct device *d = virt_device_new(m, "fw_cfg", err);

    return virt_device_finish(m, d, err) && add_items(m, d, err) ? d : NULL;
}

struct device *virt_flash(struct machine *m, unsigned bank, const char *drive, GError **err)
{
    const char *id = bank ? "flash1" : "flash0";
    struct device *d = virt_device_new(m, id, err);

    if (d) {
        device_set_uint(d, "sector-length", FLASH_SECTOR_BYTES);
        device_set_uint(d, "num-blocks", place_find(m->board, id)->size / FLASH_SECTOR_BYTES);
    }
    if (d && drive) {
        if (!device_set_prop(d, "drive", drive, err)) {
            g_prefix_error(err, "-machine %s,pflash%u=: ", m->board->name, bank);
            device_delete(d);
            return NULL;
        }
    } else if (d) {
        device_set_pointer(d, "drive", m->opt.pflash[bank]);
    }
    return virt_device_finish(m, d, err) ? d : NULL;
}

bool virt_pcie_make(struct machine *m, const struct virt_pcie *p, GError **err)
{
    struct device *d = device_new(m, &gpex_type, "pcie", err);

    if (!d || !device_realize(d, NULL, err)) {
        if (d) {
            device_delete(d);
        }
        return false;
    }
    d->mmio.size = p->ecam_size;
    device_map(d, p->ecam);
    gpex_window(d, false, p->mmio, p->mmio, p->mmio_size);
    if (p->high_size) {
        gpex_window(d, false, p->high, p->high, p->high_size);
    }
    gpex_window(d, true, 0, p->pio, p->pio_size);
    ((struct gpex *)d)->bus.msi = p->msi;
    for (unsigned pin = 0; pin < PCI_PINS; pin++) {
        gpex_connect(d, pin, device_input(p->intc, p->first_irq + pin));
    }
    return true;
}

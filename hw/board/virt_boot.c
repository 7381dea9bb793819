/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <elf.h>
#include <stdio.h>
#include <string.h>

#include "hw/board/virt.h"
#include "hw/misc/fw_cfg.h"
#include "system/loader.h"
#include "system/machine.h"

#define MIB ((uint64_t)1 << 20)

bool virt_is_elf(const char *path)
{
    char magic[SELFMAG] = { 0 };
    FILE *f = fopen(path, "r");
    bool elf = f && fread(magic, SELFMAG, 1, f) == 1 && !memcmp(magic, ELFMAG, SELFMAG);

    if (f) {
        fclose(f);
    }
    return elf;
}

static bool file_to_fw_cfg(struct device *fw_cfg, const char *path, const char *what, unsigned size_key,
                           unsigned data_key, uint64_t max, GError **err)
{
    uint8_t *data;
    uint64_t len;

    if (!load_file(path, what, max, &data, &len, err)) {
        return false;
    }
    fw_cfg_add_u32(fw_cfg, size_key, len);
    fw_cfg_add_bytes(fw_cfg, data_key, data, len);
    return true;
}

bool virt_files_to_fw_cfg(struct machine *m, struct device *fw_cfg, uint64_t max, GError **err)
{
    const struct machine_options *o = &m->opt;

    if (o->kernel &&
        !file_to_fw_cfg(fw_cfg, o->kernel, "-kernel", FW_CFG_KERNEL_SIZE, FW_CFG_KERNEL_DATA, max, err)) {
        return false;
    }
    if (o->initrd &&
        !file_to_fw_cfg(fw_cfg, o->initrd, "-initrd", FW_CFG_INITRD_SIZE, FW_CFG_INITRD_DATA, max, err)) {
        return false;
    }
    if (o->append) {
        fw_cfg_add_u32(fw_cfg, FW_CFG_CMDLINE_SIZE, strlen(o->append) + 1);
        fw_cfg_add_string(fw_cfg, FW_CFG_CMDLINE_DATA, o->append);
    }
    return true;
}

bool virt_load_initrd(struct machine *m, paddr at, paddr kernel_end, paddr ram, paddr ram_end, paddr *start, paddr *end,
                      GError **err)
{
    const struct load_area area = { ram, ram_end };
    struct load_result res;

    if (!load_raw(m, m->opt.initrd, "-initrd", at, &area, &res, NULL)) {
        at = (kernel_end + 2 * MIB - 1) & ~(2 * MIB - 1);
        if (!load_raw(m, m->opt.initrd, "-initrd", at, &area, &res, err)) {
            return false;
        }
    }
    *start = res.low;
    *end = res.high;
    return true;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Blobs for firmware, by number or by file name. All before the machine runs. */
#ifndef HW_MISC_FW_CFG_H
#define HW_MISC_FW_CFG_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct device;

/* Well-known numbers (QEMU's docs/specs/fw_cfg.rst). */
enum fw_cfg_key {
    FW_CFG_SIGNATURE = 0x00, FW_CFG_ID = 0x01, FW_CFG_UUID = 0x02, FW_CFG_RAM_SIZE = 0x03, FW_CFG_NOGRAPHIC = 0x04,
    FW_CFG_NB_CPUS = 0x05, FW_CFG_MACHINE_ID = 0x06, FW_CFG_KERNEL_ADDR = 0x07, FW_CFG_KERNEL_SIZE = 0x08,
    FW_CFG_KERNEL_CMDLINE = 0x09, FW_CFG_INITRD_ADDR = 0x0a, FW_CFG_INITRD_SIZE = 0x0b, FW_CFG_BOOT_DEVICE = 0x0c,
    FW_CFG_NUMA = 0x0d, FW_CFG_BOOT_MENU = 0x0e, FW_CFG_MAX_CPUS = 0x0f, FW_CFG_KERNEL_ENTRY = 0x10,
    FW_CFG_KERNEL_DATA = 0x11, FW_CFG_INITRD_DATA = 0x12, FW_CFG_CMDLINE_ADDR = 0x13, FW_CFG_CMDLINE_SIZE = 0x14,
    FW_CFG_CMDLINE_DATA = 0x15, FW_CFG_SETUP_ADDR = 0x16, FW_CFG_SETUP_SIZE = 0x17, FW_CFG_SETUP_DATA = 0x18,
    FW_CFG_FILE_DIR = 0x19,
    FW_CFG_ARCH = 0x8000, FW_CFG_X86_IRQ0_OVERRIDE = FW_CFG_ARCH + 2,
};

#define FW_CFG_NAME_MAX 56      /* of a file, with its NUL */

/* Takes data (g_free). The key must not be set already. */
void fw_cfg_add_bytes(struct device *d, unsigned key, void *data, uint32_t len);
/* Little-endian numbers, a string with its NUL. */
void fw_cfg_add_u16(struct device *d, unsigned key, uint16_t v);
void fw_cfg_add_u32(struct device *d, unsigned key, uint32_t v);
void fw_cfg_add_string(struct device *d, unsigned key, const char *text);

/* A file; takes data. False and *err: the name is too long or taken, or there are too many. */
bool fw_cfg_add_file(struct device *d, const char *name, void *data, uint32_t len, GError **err);

/* fn is called whenever the guest selects the file (which is there), and may change its bytes. Machine lock. */
void fw_cfg_on_select(struct device *d, const char *name, void (*fn)(void *opaque, uint8_t *data, uint32_t len),
                      void *opaque);

/* What -boot says: the menu's number, etc/boot-menu-wait, etc/boot-fail-wait. */
bool fw_cfg_add_boot(struct device *d, GError **err);

#endif

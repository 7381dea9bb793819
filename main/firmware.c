/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -fw_cfg, and -semihosting. */
#include <string.h>

#include "hw/misc/fw_cfg.h"
#include "main/setup.h"
#include "system/board.h"
#include "system/device.h"
#include "system/loader.h"
#include "util/options.h"

#define FILE_BYTES_MAX (64u << 20)

static struct device *fw_cfg_device(struct machine *m)
{
    for (unsigned i = 0; i < m->devices->len; i++) {
        struct device *d = m->devices->pdata[i];

        if (g_str_has_prefix(d->type->name, "fw_cfg")) {
            return d;
        }
    }
    return NULL;
}

static bool add(struct setup *s, const char *text, GError **err)
{
    struct options *o = options_parse("-fw_cfg", text, "name", err);
    struct device *d = fw_cfg_device(s->m);
    const char *name, *file, *string;
    uint8_t *data = NULL;
    uint64_t len = 0;
    bool ok;

    if (!o) {
        return false;
    }
    name = options_need(o, "name", err);
    file = options_get(o, "file");
    string = options_get(o, "string");
    ok = name && options_finish(o, err);
    if (ok && !file == !string) {
        g_set_error(err, MAIN_ERROR, 0, "-fw_cfg %s: accepted: name=NAME and one of file=FILE, string=TEXT", text);
        ok = false;
    }
    if (ok && !d) {
        g_set_error(err, MAIN_ERROR, 0, "-fw_cfg: machine '%s' has no firmware configuration device", s->m->board->name);
        ok = false;
    }
    if (ok && file) {
        ok = load_file(file, "-fw_cfg", FILE_BYTES_MAX, &data, &len, err);
    } else if (ok) {
        len = strlen(string);
        data = (uint8_t *)g_strdup(string);
    }
    ok = ok && fw_cfg_add_file(d, name, data, len, err);
    options_free(o);
    return ok;
}

bool setup_firmware_files(struct setup *s, GError **err)
{
    for (unsigned i = 0; i < s->c->fw_cfgs->len; i++) {
        if (!add(s, g_array_index(s->c->fw_cfgs, struct cmdline_item, i).text, err)) {
            return false;
        }
    }
    return true;
}

bool setup_semihosting(struct setup *s, GError **err)
{
    if (s->c->semihosting) {
        g_set_error(err, MAIN_ERROR, 0, "-semihosting-config: not there yet");
        return false;
    }
    return true;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -netdev, -nic and -net. */
#include <stdio.h>
#include <string.h>

#include "main/setup.h"
#include "net/net.h"
#include "system/board.h"

#define DEFAULT_MODEL "virtio-net-pci"

static enum cmdline_result add_netdev(struct setup *s, const struct cmdline_item *item, GError **err)
{
    struct options *o = options_parse(item->option, item->text, "type", err);

    if (!o) {
        return CMDLINE_ERROR;
    }
    if (options_wants_help(o)) {
        printf("%s", net_help());
        options_free(o);
        return CMDLINE_DONE;
    }
    if (!options_id(o)) {
        g_set_error(err, MAIN_ERROR, 0, "-netdev %s: id= is missing", item->text);
        options_free(o);
        return CMDLINE_ERROR;
    }
    if (!net_client_new(s->m->nets, o, err)) {
        options_free(o);
        return CMDLINE_ERROR;
    }
    options_free(o);
    return CMDLINE_RUN;
}

static const char *pci_model(const char *model)
{
    return !strcmp(model, "virtio") ? DEFAULT_MODEL : model;
}

/*
 * -nic TYPE,...,model=,mac= is a -netdev and a -device. "-net nic" alone adds nothing: the card comes with -net user.
 */
static enum cmdline_result add_nic(struct setup *s, const struct cmdline_item *item, unsigned n,
                                   const char *net_nic_model, GError **err)
{
    struct options *o = options_parse(item->option, item->text, "type", err);
    g_autofree char *id = NULL, *mac = NULL, *model = NULL;
    const char *type, *v;

    if (!o) {
        return CMDLINE_ERROR;
    }
    type = options_get(o, "type");
    if (type && !strcmp(type, "help")) {
        printf("%s", net_help());
        options_free(o);
        return CMDLINE_DONE;
    }
    if (!type || !strcmp(type, "none") || !strcmp(type, "nic")) {
        options_free(o);
        return CMDLINE_RUN;
    }
    v = options_get(o, "model");
    v = v ? v : net_nic_model ? net_nic_model : s->m->board->nic;
    model = g_strdup(pci_model(v ? v : DEFAULT_MODEL));
    v = options_get(o, "mac");
    v = v ? v : options_get(o, "macaddr");
    mac = g_strdup(v);
    v = options_id(o);
    id = v ? g_strdup(v) : g_strdup_printf("nic%u", n);
    options_set(o, "id", id);
    if (!net_client_new(s->m->nets, o, err)) {
        options_free(o);
        return CMDLINE_ERROR;
    }
    options_free(o);
    g_ptr_array_add(s->auto_devices,
                    g_strdup_printf("%s,netdev=%s%s%s", model, id, mac ? ",mac=" : "", mac ? mac : ""));
    return CMDLINE_RUN;
}

/* The model= of "-net nic,model=M". */
static char *net_nic_model(struct setup *s)
{
    for (unsigned i = 0; i < s->c->nics->len; i++) {
        struct cmdline_item *it = &g_array_index(s->c->nics, struct cmdline_item, i);

        if (g_str_has_prefix(it->text, "nic")) {
            struct options *o = options_parse(it->option, it->text, "type", NULL);
            char *model = o ? g_strdup(options_get(o, "model")) : NULL;

            options_free(o);
            return model;
        }
    }
    return NULL;
}

enum cmdline_result setup_nets(struct setup *s, GError **err)
{
    g_autofree char *model = net_nic_model(s);
    enum cmdline_result r = CMDLINE_RUN;

    for (unsigned i = 0; i < s->c->netdevs->len && r == CMDLINE_RUN; i++) {
        r = add_netdev(s, &g_array_index(s->c->netdevs, struct cmdline_item, i), err);
    }
    for (unsigned i = 0; i < s->c->nics->len && r == CMDLINE_RUN; i++) {
        r = add_nic(s, &g_array_index(s->c->nics, struct cmdline_item, i), i, model, err);
    }
    return r;
}

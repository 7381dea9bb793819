/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -vga: which graphics card the machine has. */
#include <stdio.h>
#include <string.h>

#include "main/setup.h"
#include "system/board.h"

/* -vga's names for devices. */
static const struct {
    const char *name, *type, *help;
} cards[] = {
    { "none", NULL, "no graphics card" },
    { "std", "VGA", "VGA with Bochs's extension" },
};

/* A -device of one of these is the machine's card instead of the default one. */
static const char *const primary[] = { "VGA" };

static bool user_has_card(const struct setup *s)
{
    for (unsigned i = 0; i < s->c->devices->len; i++) {
        const char *text = g_array_index(s->c->devices, struct cmdline_item, i).text;

        text += g_str_has_prefix(text, "driver=") ? strlen("driver=") : 0;
        for (unsigned k = 0; k < G_N_ELEMENTS(primary); k++) {
            if (strlen(primary[k]) == strcspn(text, ",") && g_str_has_prefix(text, primary[k])) {
                return true;
            }
        }
    }
    return false;
}

static enum cmdline_result choose_card(struct setup *s, GError **err)
{
    const char *vga = s->c->vga, *type = NULL;
    bool found = !vga;

    if (vga && !strcmp(vga, "help")) {
        for (unsigned i = 0; i < G_N_ELEMENTS(cards); i++) {
            printf("%-10s %s\n", cards[i].name, cards[i].help);
        }
        return CMDLINE_DONE;
    }
    if (!vga && !s->c->nodefaults && !user_has_card(s)) {
        type = s->m->board->vga;
    }
    for (unsigned i = 0; vga && i < G_N_ELEMENTS(cards); i++) {
        if (!strcmp(vga, cards[i].name)) {
            type = cards[i].type;
            found = true;
        }
    }
    if (!found) {
        g_set_error(err, MAIN_ERROR, 0, "-vga %s: accepted: none, std", vga);
        return CMDLINE_ERROR;
    }
    if (type && s->m->board->vga) {
        s->m->opt.vga = g_strdup(type);
    } else if (type) {
        g_ptr_array_add(s->auto_devices, g_strdup(type));
    }
    return CMDLINE_RUN;
}

enum cmdline_result setup_display(struct setup *s, GError **err)
{
    /* Without a word about displays the serial port is what people look at. */
    s->m->opt.graphics = s->c->display && !s->c->nographic;
    return choose_card(s, err);
}

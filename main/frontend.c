/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -display: finding and loading the front end's module. */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "main/setup.h"
#include "ui/frontend.h"
#include "util/options.h"

static const char *const names[] = { "none", "sdl", NULL };

/* Where the module of a front end is: beside the program in its build folder, or where it was installed. */
static char *module_path(const char *name)
{
    g_autofree char *file = g_strdup_printf("doppel-%s.so", name);
    g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *dir = program ? g_path_get_dirname(program) : NULL;
    char *path = dir ? g_build_filename(dir, "ui", name, file, NULL) : NULL;

    if (!path || !g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
        g_free(path);
        path = g_build_filename(DOPPEL_MODULES, file, NULL);
    }
    if (!g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
        g_free(path);
        return NULL;
    }
    return path;
}

static enum cmdline_result print_help(void)
{
    g_autofree char *sdl = module_path("sdl");

    printf("none       no window; screendump and sendkey of the monitor work\n");
    if (sdl) {
        printf("sdl        a window; grab-mod=, show-cursor=, full-screen=, window-close=\n");
    }
    return CMDLINE_DONE;
}

static bool read_options(struct setup *s, struct options *o, GError **err)
{
    static const char *const grab_mods[] = { "lctrl-lalt", "lshift-lctrl-lalt", "rctrl", NULL };
    struct frontend_options *f = &s->frontend_options;
    bool gl = false;

    *f = (struct frontend_options) { .full_screen = s->c->full_screen, .window_close = true };
    if (!options_get_bool(o, "gl", &gl, err) || !options_get_enum(o, "grab-mod", grab_mods, &f->grab_mod, err) ||
        !options_get_bool(o, "show-cursor", &f->show_cursor, err) ||
        !options_get_bool(o, "full-screen", &f->full_screen, err) ||
        !options_get_bool(o, "window-close", &f->window_close, err)) {
        return false;
    }
    if (gl) {
        g_set_error(err, MAIN_ERROR, 0, "-display sdl,gl=on: no card of this program draws with OpenGL; accepted: off");
        return false;
    }
    return true;
}

enum cmdline_result setup_frontend(struct setup *s, GError **err)
{
    struct options *o;
    int type = 0;
    bool ok;

    if (!s->c->display) {
        return CMDLINE_RUN;
    }
    if (!strcmp(s->c->display, "help")) {
        return print_help();
    }
    o = options_parse("-display", s->c->display, "type", err);
    if (!o) {
        return CMDLINE_ERROR;
    }
    ok = options_get_enum(o, "type", names, &type, err) && (!type || read_options(s, o, err)) && options_finish(o, err);
    options_free(o);
    if (ok && type) {
        s->frontend_path = module_path(names[type]);
        if (!s->frontend_path) {
            g_set_error(err, MAIN_ERROR, 0, "-display %s: this program is built without it; accepted: none", names[type]);
            ok = false;
        }
    }
    return ok ? CMDLINE_RUN : CMDLINE_ERROR;
}

enum cmdline_result open_frontend(struct setup *s, GError **err)
{
    void *module;

    if (!s->frontend_path) {
        return CMDLINE_RUN;
    }
    module = dlopen(s->frontend_path, RTLD_NOW | RTLD_LOCAL);
    s->frontend = module ? dlsym(module, "frontend_module") : NULL;
    if (!s->frontend) {
        g_set_error(err, MAIN_ERROR, 0, "-display %s: %s", s->c->display, dlerror());
        return CMDLINE_ERROR;
    }
    /* Never unloaded: libraries below it have threads and exit handlers. */
    s->frontend_state = s->frontend->open(s->m, &s->frontend_options, err);
    return s->frontend_state ? CMDLINE_RUN : CMDLINE_ERROR;
}

void close_frontend(struct setup *s)
{
    if (s->frontend_state) {
        s->frontend->close(s->frontend_state);
    }
    g_free(s->frontend_path);
}

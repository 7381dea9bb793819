/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The VGA on a PCI bus without a CPU: registers, the window's data path, what refreshes draw and call damage, and that no
 * access of a guest harms us. */
#include <string.h>

#include "hw/display/vga.h"
#include "hw/pci/gpex.h"
#include "tests/dev/rig.h"
#include "ui/display.h"

#define SLOT (1 << 3)
#define PCI_WINDOW 0x40000000ull
#define LFB PCI_WINDOW
#define MMIO (PCI_WINDOW + 0x2000000)

struct fixture {
    struct rig r;
    struct pci_device *d;
    struct console *c;
    struct display_listener l;
    unsigned damage_lines, damaged;
};

static void on_damaged(struct display_listener *l, struct console *c, unsigned x, unsigned y, unsigned w, unsigned h)
{
    struct fixture *f = (struct fixture *)((char *)l - offsetof(struct fixture, l));

    f->damaged++;
    f->damage_lines += h;
}

static void set_config(struct fixture *f, unsigned offset, unsigned size, uint32_t v)
{
    rig_write(&f->r, SLOT << 12 | offset, size, v);
}

static void setup(struct fixture *f)
{
    g_autoptr(GError) err = NULL;
    struct gpex *g;

    memset(f, 0, sizeof *f);
    rig_init(&f->r, "gpex-pcihost");
    rig_start(&f->r);
    g = (struct gpex *)f->r.d;
    gpex_window(f->r.d, false, PCI_WINDOW, PCI_WINDOW, 0x10000000);
    gpex_window(f->r.d, false, VGA_WINDOW, VGA_WINDOW, VGA_WINDOW_BYTES);
    f->d = (struct pci_device *)device_new(f->r.m, device_type_find("VGA"), "vga0", NULL);
    device_set_text(&f->d->dev, "romfile", "");
    device_set_text(&f->d->dev, "vgamem_mb", "1");
    device_realize(&f->d->dev, &g->bus.bus, &err);
    g_assert_no_error(err);
    device_reset(&f->d->dev);
    set_config(f, PCI_BAR0, 4, LFB);
    set_config(f, PCI_BAR0 + 8, 4, MMIO);
    set_config(f, PCI_COMMAND, 2, PCI_COMMAND_IO | PCI_COMMAND_MEMORY);
    f->c = display_console(f->r.m->display, 0);
    f->l.damaged = on_damaged;
    display_listener_add(f->r.m->display, &f->l);
}

static void teardown(struct fixture *f)
{
    display_listener_remove(f->r.m->display, &f->l);
    rig_free(&f->r);
}

static uint32_t in(struct fixture *f, unsigned port, unsigned size)
{
    return as_ld(&f->r.m->io_as, port, size, MEM_ATTRS_NONE, NULL);
}

static void out(struct fixture *f, unsigned port, unsigned size, uint32_t v)
{
    as_st(&f->r.m->io_as, port, size, v, MEM_ATTRS_NONE);
}

static uint32_t peek(struct fixture *f, uint64_t addr, unsigned size)
{
    return as_ld(&f->r.m->as, addr, size, MEM_ATTRS_NONE, NULL);
}

static void poke(struct fixture *f, uint64_t addr, unsigned size, uint32_t v)
{
    as_st(&f->r.m->as, addr, size, v, MEM_ATTRS_NONE);
}

static void indexed(struct fixture *f, unsigned port, uint8_t index, uint8_t v)
{
    out(f, port, 2, index | v << 8);
}

static void attribute(struct fixture *f, uint8_t index, uint8_t v)
{
    in(f, 0x3da, 1);
    out(f, 0x3c0, 1, index);
    out(f, 0x3c0, 1, v);
}

static void video_on(struct fixture *f)
{
    in(f, 0x3da, 1);
    out(f, 0x3c0, 1, 0x20);
}

static void vbe(struct fixture *f, unsigned reg, uint16_t v)
{
    out(f, 0x1ce, 2, reg);
    out(f, 0x1cf, 2, v);
}

static uint16_t vbe_get(struct fixture *f, unsigned reg)
{
    out(f, 0x1ce, 2, reg);
    return in(f, 0x1cf, 2);
}

static void set_vbe_mode(struct fixture *f, unsigned w, unsigned h, unsigned bpp, unsigned flags)
{
    vbe(f, VBE_ENABLE, 0);
    vbe(f, VBE_XRES, w);
    vbe(f, VBE_YRES, h);
    vbe(f, VBE_BPP, bpp);
    vbe(f, VBE_ENABLE, VBE_ENABLED | flags);
}

/* Colour ports, video on, a DAC where index n is the grey n. */
static void start_vga(struct fixture *f)
{
    out(f, 0x3c2, 1, 1);
    out(f, 0x3c8, 1, 0);
    for (unsigned i = 0; i < 768; i++) {
        out(f, 0x3c9, 1, i / 3 & 0x3f);
    }
    for (unsigned i = 0; i < 16; i++) {
        attribute(f, i, i);
    }
    attribute(f, AR_PLANES, 0xf);
    video_on(f);
}

static uint32_t grey(unsigned n)
{
    return ((n & 0x3f) << 2 | (n & 1 ? 3 : 0)) * 0x010101u;
}

static void registers_keep_their_bits(void)
{
    struct fixture f;

    setup(&f);
    g_assert_cmphex(in(&f, 0x3d4, 1), ==, 0xff);       /* monochrome ports first */
    out(&f, 0x3c2, 1, 0xff);
    g_assert_cmphex(in(&f, 0x3cc, 1), ==, 0xef);
    g_assert_cmphex(in(&f, 0x3b4, 1), ==, 0xff);
    indexed(&f, 0x3c4, SR_MAP_MASK, 0xff);
    g_assert_cmphex(in(&f, 0x3c5, 1), ==, 0x0f);
    indexed(&f, 0x3ce, GR_MODE, 0xff);
    g_assert_cmphex(in(&f, 0x3cf, 1), ==, 0x7b);
    indexed(&f, 0x3d4, CR_H_END, 0x4f);
    indexed(&f, 0x3d4, CR_V_SYNC_END, 0x80);
    indexed(&f, 0x3d4, CR_H_END, 0x12);
    g_assert_cmphex((out(&f, 0x3d4, 1, CR_H_END), in(&f, 0x3d5, 1)), ==, 0x4f);
    g_assert_cmphex(in(&f, 0x3da, 1) ^ in(&f, 0x3da, 1), ==, 9);
    attribute(&f, AR_MODE, 0xff);
    in(&f, 0x3da, 1);
    out(&f, 0x3c0, 1, AR_MODE);
    g_assert_cmphex(in(&f, 0x3c1, 1), ==, 0xef);
    out(&f, 0x3c8, 1, 5);
    out(&f, 0x3c9, 1, 1);
    out(&f, 0x3c9, 1, 2);
    out(&f, 0x3c9, 1, 3);
    g_assert_cmphex(in(&f, 0x3c8, 1), ==, 6);
    out(&f, 0x3c7, 1, 5);
    g_assert_cmphex(in(&f, 0x3c9, 1) << 16 | in(&f, 0x3c9, 1) << 8 | in(&f, 0x3c9, 1), ==, 0x010203);
    g_assert_cmphex(in(&f, 0x3c7, 1), ==, 3);
    teardown(&f);
}

static void data_path_has_its_write_modes(void)
{
    const uint64_t w = VGA_WINDOW;
    struct fixture f;

    setup(&f);
    indexed(&f, 0x3ce, GR_MISC, 5);
    indexed(&f, 0x3ce, GR_BIT_MASK, 0xff);
    indexed(&f, 0x3c4, SR_MAP_MASK, 0x5);
    poke(&f, w, 1, 0xa5);                               /* mode 0: planes 0 and 2 */
    g_assert_cmphex(peek(&f, LFB, 4), ==, 0x00a500a5);
    indexed(&f, 0x3c4, SR_MAP_MASK, 0xf);
    indexed(&f, 0x3ce, GR_SET_RESET, 0x8);
    indexed(&f, 0x3ce, GR_SET_ENABLE, 0xc);
    indexed(&f, 0x3ce, GR_ROTATE, 4);
    poke(&f, w + 1, 1, 0x12);
    g_assert_cmphex(peek(&f, LFB + 4, 4), ==, 0xff002121);
    indexed(&f, 0x3ce, GR_ROTATE, 0x18);                /* exclusive or with the latches */
    indexed(&f, 0x3ce, GR_SET_ENABLE, 0);
    indexed(&f, 0x3ce, GR_BIT_MASK, 0x0f);
    g_assert_cmphex(peek(&f, w + 1, 1), ==, 0x21);
    poke(&f, w + 1, 1, 0xff);
    g_assert_cmphex(peek(&f, LFB + 4, 4), ==, 0xf00f2e2e);
    indexed(&f, 0x3ce, GR_ROTATE, 0);
    indexed(&f, 0x3ce, GR_BIT_MASK, 0xff);
    indexed(&f, 0x3ce, GR_MODE, 1);                     /* mode 1: the latches */
    peek(&f, w + 1, 1);
    poke(&f, w + 9, 1, 0);
    g_assert_cmphex(peek(&f, LFB + 36, 4), ==, 0xf00f2e2e);
    indexed(&f, 0x3ce, GR_MODE, 2);                     /* mode 2: a colour */
    poke(&f, w + 2, 1, 0x6);
    g_assert_cmphex(peek(&f, LFB + 8, 4), ==, 0x00ffff00);
    indexed(&f, 0x3ce, GR_MODE, 3);                     /* mode 3: the byte is a mask */
    peek(&f, w + 2, 1);
    poke(&f, w + 2, 1, 0x81);
    g_assert_cmphex(peek(&f, LFB + 8, 4), ==, 0x817e7e00);
    indexed(&f, 0x3ce, GR_MODE, 8);                     /* reading compares with a colour */
    indexed(&f, 0x3ce, GR_COMPARE, 6);
    indexed(&f, 0x3ce, GR_DONT_CARE, 0xf);
    g_assert_cmphex(peek(&f, w + 2, 1), ==, 0x7e);
    indexed(&f, 0x3ce, GR_MISC, 0xd);                   /* only 0xb8000 on answers */
    g_assert_cmphex(peek(&f, w, 1), ==, 0xff);
    teardown(&f);
}

static void chained_window_is_plain_memory(void)
{
    struct fixture f;

    setup(&f);
    indexed(&f, 0x3ce, GR_MISC, 5);
    indexed(&f, 0x3c4, SR_MAP_MASK, 0xf);
    indexed(&f, 0x3c4, SR_MEMORY, 8);
    g_assert_nonnull(as_lookup(&f.r.m->as, VGA_WINDOW)->host);
    poke(&f, VGA_WINDOW + 6, 4, 0x11223344);
    g_assert_cmphex(peek(&f, LFB + 6, 4), ==, 0x11223344);
    indexed(&f, 0x3c4, SR_MAP_MASK, 0x7);               /* plane 3 is protected */
    g_assert_null(as_lookup(&f.r.m->as, VGA_WINDOW)->host);
    poke(&f, VGA_WINDOW + 8, 4, 0);
    g_assert_cmphex(peek(&f, LFB + 6, 4), ==, 0x00003344);
    poke(&f, VGA_WINDOW + 4, 4, 0);
    g_assert_cmphex(peek(&f, LFB + 4, 4), ==, 0x33000000);
    teardown(&f);
}

static void banks_move_the_window(void)
{
    struct fixture f;

    setup(&f);
    set_vbe_mode(&f, 640, 480, 8, 0);
    vbe(&f, VBE_BANK, 3);
    poke(&f, VGA_WINDOW + 16, 1, 0x77);
    g_assert_cmphex(peek(&f, LFB + 0x30010, 1), ==, 0x77);
    vbe(&f, VBE_BANK, 0xffff);
    g_assert_cmpuint(vbe_get(&f, VBE_BANK), ==, 15);
    teardown(&f);
}

static void linear_modes_draw_and_tell_damage(void)
{
    struct fixture f;

    setup(&f);
    start_vga(&f);
    set_vbe_mode(&f, 320, 200, 32, VBE_LFB);
    console_refresh(f.c);
    g_assert_cmpuint(f.c->surface->width, ==, 320);
    g_assert_cmpuint(f.damage_lines, ==, 200);
    console_refresh(f.c);
    g_assert_cmpuint(f.damaged, ==, 1);                 /* nothing has changed since */
    poke(&f, LFB + 320 * 4 * 100 + 40, 4, 0x00c0ffee);
    console_refresh(f.c);
    g_assert_cmphex(surface_row(f.c->surface, 100)[10] & 0xffffff, ==, 0xc0ffee);
    g_assert_cmpuint(f.damaged, ==, 2);
    g_assert_cmpuint(f.damage_lines, <, 210);           /* the page's lines alone */
    set_vbe_mode(&f, 320, 200, 16, VBE_LFB);
    poke(&f, LFB, 2, 0xf81f);
    console_refresh(f.c);
    g_assert_cmphex(surface_row(f.c->surface, 0)[0], ==, 0xff00ff);
    set_vbe_mode(&f, 320, 200, 15, VBE_LFB);
    poke(&f, LFB, 2, 0x7c1f);
    console_refresh(f.c);
    g_assert_cmphex(surface_row(f.c->surface, 0)[0], ==, 0xff00ff);
    set_vbe_mode(&f, 320, 200, 24, VBE_LFB);
    poke(&f, LFB + 3, 4, 0x00123456);
    console_refresh(f.c);
    g_assert_cmphex(surface_row(f.c->surface, 0)[1], ==, 0x123456);
    set_vbe_mode(&f, 320, 200, 8, VBE_LFB);
    poke(&f, LFB + 7, 1, 9);
    vbe(&f, VBE_X_OFFSET, 0);
    console_refresh(f.c);
    g_assert_cmphex(surface_row(f.c->surface, 0)[7], ==, grey(9));
    out(&f, 0x3c6, 1, 1);                               /* the DAC's mask */
    console_refresh(f.c);
    g_assert_cmphex(surface_row(f.c->surface, 0)[7], ==, grey(1));
    teardown(&f);
}

static void panning_moves_the_start(void)
{
    struct fixture f;

    setup(&f);
    start_vga(&f);
    set_vbe_mode(&f, 64, 64, 8, VBE_LFB);
    vbe(&f, VBE_VIRT_WIDTH, 128);
    vbe(&f, VBE_X_OFFSET, 64);
    vbe(&f, VBE_Y_OFFSET, 3);
    poke(&f, LFB + 128 * 3 + 64 + 5, 1, 7);
    console_refresh(f.c);
    g_assert_cmphex(surface_row(f.c->surface, 0)[5], ==, grey(7));
    g_assert_cmpuint(vbe_get(&f, VBE_VIRT_HEIGHT), ==, (1 << 20) / 128);
    teardown(&f);
}

/* 640x480 with four planes, as the BIOS's mode 0x12 sets it. */
static void planar_modes_draw(void)
{
    struct fixture f;

    setup(&f);
    start_vga(&f);
    indexed(&f, 0x3d4, CR_H_END, 79);
    indexed(&f, 0x3d4, CR_V_END, 0xdf);
    indexed(&f, 0x3d4, CR_OVERFLOW, 0x3e);
    indexed(&f, 0x3d4, CR_MAX_SCAN, 0x40);
    indexed(&f, 0x3d4, CR_LINE_COMPARE, 0xff);
    indexed(&f, 0x3d4, CR_OFFSET, 40);
    indexed(&f, 0x3d4, CR_MODE, 0xe3);
    indexed(&f, 0x3ce, GR_MISC, 5);
    poke(&f, LFB + 4 * 81, 4, 0x80008001);              /* second line, ninth pixel: planes 1 and 3, last: 0 */
    console_refresh(f.c);
    g_assert_cmpuint(f.c->surface->height, ==, 480);
    g_assert_cmphex(surface_row(f.c->surface, 1)[8], ==, grey(10));
    g_assert_cmphex(surface_row(f.c->surface, 1)[15], ==, grey(1));
    attribute(&f, AR_PLANES, 1);
    video_on(&f);
    console_refresh(f.c);
    g_assert_cmphex(surface_row(f.c->surface, 1)[8], ==, 0);
    /* The split shows the memory's start again. */
    indexed(&f, 0x3d4, CR_START_LOW, 80);
    indexed(&f, 0x3d4, CR_LINE_COMPARE, 9);
    indexed(&f, 0x3d4, CR_OVERFLOW, 0x2e);
    indexed(&f, 0x3d4, CR_MAX_SCAN, 0);
    console_refresh(f.c);
    g_assert_cmphex(surface_row(f.c->surface, 0)[15], ==, grey(1));
    g_assert_cmphex(surface_row(f.c->surface, 11)[15], ==, grey(1));
    teardown(&f);
}

static void text_is_drawn_with_its_font(void)
{
    struct fixture f;

    setup(&f);
    start_vga(&f);
    indexed(&f, 0x3d4, CR_H_END, 79);
    indexed(&f, 0x3d4, CR_V_END, 0x8f);
    indexed(&f, 0x3d4, CR_OVERFLOW, 0x02);
    indexed(&f, 0x3d4, CR_MAX_SCAN, 0x0f);
    indexed(&f, 0x3d4, CR_OFFSET, 40);
    indexed(&f, 0x3d4, CR_CURSOR_START, 0x20);
    poke(&f, LFB + (1 * 80 + 2) * 4, 2, 0x1fc4);        /* row 1, column 2: 0xc4 in 15 on 1 */
    poke(&f, LFB + (0xc4 * 32 + 5) * 4 + 2, 1, 0x81);
    attribute(&f, AR_MODE, AR_MODE_LINE_GRAPHICS);
    video_on(&f);
    console_refresh(f.c);
    g_assert_cmpuint(f.c->surface->width, ==, 720);
    g_assert_cmpuint(f.c->surface->height, ==, 400);
    g_assert_cmphex(surface_row(f.c->surface, 21)[18], ==, grey(15));
    g_assert_cmphex(surface_row(f.c->surface, 21)[19], ==, grey(1));
    g_assert_cmphex(surface_row(f.c->surface, 21)[26], ==, grey(15));   /* the ninth column again */
    f.damaged = f.damage_lines = 0;
    poke(&f, LFB + 2 * 80 * 4 + 1, 1, 0x20);            /* a background of one cell */
    console_refresh(f.c);
    g_assert_cmpuint(f.damaged, ==, 1);
    g_assert_cmpuint(f.damage_lines, ==, 16);
    attribute(&f, AR_MODE, AR_MODE_BLINK);              /* the background's highest bit makes it blink */
    video_on(&f);
    poke(&f, LFB + (1 * 80 + 2) * 4 + 1, 1, 0x9f);
    console_refresh(f.c);
    g_assert_cmphex(surface_row(f.c->surface, 21)[18], ==, grey(15));
    rig_step(&f.r, 2 * 16 * 1000000000ll / 70 + 1000);
    console_refresh(f.c);
    g_assert_cmphex(surface_row(f.c->surface, 21)[18], ==, grey(1));
    out(&f, 0x3d4, 1, CR_CURSOR_START);
    out(&f, 0x3d5, 1, 14);
    indexed(&f, 0x3d4, CR_CURSOR_END, 15);
    poke(&f, LFB + 1, 1, 7);
    console_refresh(f.c);
    g_assert_cmphex(surface_row(f.c->surface, 14)[8], ==, grey(7));
    g_assert_cmphex(surface_row(f.c->surface, 13)[8], ==, 0);
    teardown(&f);
}

static void registers_are_in_memory_too(void)
{
    struct fixture f;
    uint8_t sum = 0;

    setup(&f);
    g_assert_cmphex(peek(&f, MMIO, 4), ==, 0xffffff00);
    for (unsigned i = 0; i < 128; i++) {
        sum += peek(&f, MMIO + i, 1);
    }
    g_assert_cmphex(sum, ==, 0);
    g_assert_cmphex(peek(&f, MMIO + 0x500, 2), ==, 0xb0c5);
    g_assert_cmphex(peek(&f, MMIO + 0x514, 2), ==, 16);
    g_assert_cmphex(peek(&f, MMIO + 0x600, 4), ==, 8);
    g_assert_cmphex(peek(&f, MMIO + 0x604, 4), ==, 0x1e1e1e1e);
    poke(&f, MMIO + 0x502, 2, 800);
    g_assert_cmpuint(vbe_get(&f, VBE_XRES), ==, 800);
    poke(&f, MMIO + 0x404, 2, 0x0a02);
    g_assert_cmphex((out(&f, 0x3c4, 1, 2), in(&f, 0x3c5, 1)), ==, 0x0a);
    vbe(&f, VBE_ENABLE, VBE_GETCAPS);
    g_assert_cmpuint(vbe_get(&f, VBE_XRES), ==, 16000);
    g_assert_cmpuint(vbe_get(&f, VBE_BPP), ==, 32);
    teardown(&f);
}

/* Modes that do not fit are cut down to what the memory holds. */
static void modes_fit_the_memory(void)
{
    struct fixture f;

    setup(&f);
    start_vga(&f);
    set_vbe_mode(&f, 1280, 1024, 32, VBE_LFB);
    g_assert_cmpuint(vbe_get(&f, VBE_YRES), ==, (1 << 20) / (1280 * 4));
    vbe(&f, VBE_Y_OFFSET, 1000);
    g_assert_cmpuint(vbe_get(&f, VBE_Y_OFFSET), ==, 0);
    console_refresh(f.c);
    set_vbe_mode(&f, 65535, 65535, 7, VBE_LFB);
    console_refresh(f.c);
    g_assert_cmpuint(f.c->surface->width, ==, 16000);
    teardown(&f);
}

static void wild_guests_do_no_harm(void)
{
    struct fixture f;

    setup(&f);
    start_vga(&f);
    for (unsigned i = 0; i < 30000; i++) {
        unsigned size = 1 << g_test_rand_int_range(0, 3);

        switch (g_test_rand_int_range(0, 8)) {
        case 0:
            vbe(&f, g_test_rand_int_range(0, 12), g_test_rand_int());
            break;
        case 1:
            indexed(&f, g_test_rand_bit() ? 0x3d4 : 0x3c4, g_test_rand_int_range(0, 26), g_test_rand_int());
            break;
        case 2:
            indexed(&f, 0x3ce, g_test_rand_int_range(0, 10), g_test_rand_int());
            break;
        case 3:
            out(&f, 0x3b0 + g_test_rand_int_range(0, 0x30), size, g_test_rand_int());
            in(&f, 0x3b0 + g_test_rand_int_range(0, 0x30), size);
            break;
        case 4:
            poke(&f, VGA_WINDOW + g_test_rand_int_range(0, VGA_WINDOW_BYTES), size, g_test_rand_int());
            break;
        case 5:
            peek(&f, VGA_WINDOW + g_test_rand_int_range(0, VGA_WINDOW_BYTES), size);
            break;
        case 6:
            poke(&f, MMIO + g_test_rand_int_range(0, 0x620), size, g_test_rand_int());
            peek(&f, MMIO + g_test_rand_int_range(0, 0x620), size);
            break;
        default:
            poke(&f, LFB + g_test_rand_int_range(0, 1 << 20), size, g_test_rand_int());
        }
        if (i % 500 == 0) {
            video_on(&f);
            console_refresh(f.c);
        }
    }
    teardown(&f);
}

#define TEST(name) g_test_add_func("/vga/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(registers_keep_their_bits);
    TEST(data_path_has_its_write_modes);
    TEST(chained_window_is_plain_memory);
    TEST(banks_move_the_window);
    TEST(linear_modes_draw_and_tell_damage);
    TEST(panning_moves_the_start);
    TEST(planar_modes_draw);
    TEST(text_is_drawn_with_its_font);
    TEST(registers_are_in_memory_too);
    TEST(modes_fit_the_memory);
    TEST(wild_guests_do_no_harm);
    return g_test_run();
}

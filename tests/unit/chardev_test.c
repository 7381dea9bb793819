/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Chardevs against real peers: sockets, pseudo-terminals, files; the multiplexer's keys; bounds and errors. */
#include "chardev/chardev.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

/* A front end that keeps what it gets. */
struct sink {
    struct chardev_fe fe;
    GString *got;
    size_t room;
    int opened, closed, breaks, focus, writable;
};

static size_t sink_can_receive(void *opaque)
{
    return ((struct sink *)opaque)->room;
}

static void sink_receive(void *opaque, const uint8_t *buf, size_t len)
{
    struct sink *s = opaque;

    g_assert_cmpuint(len, <=, s->room);
    s->room -= len;
    g_string_append_len(s->got, (const char *)buf, len);
}

static void sink_event(void *opaque, enum chardev_event event)
{
    struct sink *s = opaque;

    s->opened += event == CHARDEV_OPENED;
    s->closed += event == CHARDEV_CLOSED;
    s->breaks += event == CHARDEV_BREAK;
    s->focus += event == CHARDEV_MUX_IN ? 1 : event == CHARDEV_MUX_OUT ? -s->focus : 0;
}

static void sink_writable(void *opaque)
{
    ((struct sink *)opaque)->writable++;
}

static const struct chardev_fe_ops sink_ops = {
    .can_receive = sink_can_receive, .receive = sink_receive, .event = sink_event, .writable = sink_writable,
};

static void sink_attach(struct sink *s, struct chardev *chr)
{
    *s = (struct sink){ .got = g_string_new(NULL), .room = 1000 };
    g_assert_true(chardev_fe_attach(&s->fe, chr, &sink_ops, s, NULL));
}

static void sink_done(struct sink *s)
{
    chardev_fe_detach(&s->fe);
    g_string_free(s->got, TRUE);
}

static void put(struct sink *s, const char *text)
{
    g_assert_cmpuint(chardev_fe_write(&s->fe, text, strlen(text)), ==, strlen(text));
}

/* Runs the main loop until the condition holds; five seconds at most. */
#define RUN_UNTIL(condition)                                                        \
    do {                                                                            \
        gint64 end_ = g_get_monotonic_time() + 5 * G_USEC_PER_SEC;                  \
        while (!(condition) && g_get_monotonic_time() < end_) {                     \
            if (!g_main_context_iteration(NULL, FALSE)) {                           \
                g_usleep(500);                                                      \
            }                                                                       \
        }                                                                           \
        g_assert_true(condition);                                                   \
    } while (0)

static struct chardev *make(struct chardev_set *set, const char *text)
{
    GError *err = NULL;
    struct options *o = options_parse("-chardev", text, "backend", &err);
    struct chardev *chr = chardev_new(set, o, &err);

    g_assert_no_error(err);
    options_free(o);
    return chr;
}

static char *in_folder(const char *dir, const char *name)
{
    return g_build_filename(dir, name, NULL);
}

/* Reads what is there until len bytes have come. */
static void expect(int fd, const char *bytes, size_t len)
{
    g_autofree char *buf = g_malloc(len);
    size_t n = 0;

    fcntl(fd, F_SETFL, O_NONBLOCK);
    RUN_UNTIL(({
        ssize_t got = read(fd, buf + n, len - n);

        n += MAX(got, 0);
        n == len;
    }));
    g_assert_cmpmem(buf, n, bytes, len);
}

static int dial(const char *path)
{
    struct sockaddr_un un = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    strcpy(un.sun_path, path);
    g_assert_cmpint(connect(fd, (struct sockaddr *)&un, sizeof(un)), ==, 0);
    return fd;
}

/* ---- tests ---- */

static void ringbuf_keeps_the_last_bytes(void)
{
    struct chardev_set *set = chardev_set_new();
    struct chardev *chr = make(set, "ringbuf,id=r,size=16");
    g_autoptr(GString) out = g_string_new(NULL);
    struct sink s;

    sink_attach(&s, chr);
    g_assert_cmpint(s.opened, ==, 1);
    put(&s, "0123456789abcdefXYZ");
    g_assert_true(chardev_ringbuf_read(chr, 100, out, NULL));
    g_assert_cmpstr(out->str, ==, "3456789abcdefXYZ");
    g_assert_true(chardev_ringbuf_write(chr, "typed", 5, NULL));
    g_assert_cmpstr(s.got->str, ==, "typed");
    s.room = 2;
    g_assert_false(chardev_ringbuf_write(chr, "typed", 5, NULL));
    sink_done(&s);
    chardev_set_free(set);
}

static void unix_server_serves_one_peer_after_the_other(void)
{
    g_autofree char *dir = g_dir_make_tmp("doppel-chr-XXXXXX", NULL);
    g_autofree char *path = in_folder(dir, "sock"),
                    *text = g_strdup_printf("socket,id=u,path=%s,server=on,wait=off", path);
    struct chardev_set *set = chardev_set_new();
    struct sink s;
    int fd;

    sink_attach(&s, make(set, text));
    g_assert_false(chardev_fe_connected(&s.fe));
    put(&s, "nobody hears this");
    RUN_UNTIL(!g_main_context_pending(NULL));
    for (int round = 1; round <= 2; round++) {
        fd = dial(path);
        RUN_UNTIL(s.opened == round);
        put(&s, "hello");
        expect(fd, "hello", 5);
        g_string_truncate(s.got, 0);
        s.room = 3;
        g_assert_cmpint(write(fd, "guest", 5), ==, 5);
        RUN_UNTIL(s.got->len == 3);
        for (int i = 0; i < 20; i++) {
            g_main_context_iteration(NULL, FALSE);
        }
        s.room = 100;
        chardev_fe_accept_input(&s.fe);
        RUN_UNTIL(s.got->len == 5);
        g_assert_cmpstr(s.got->str, ==, "guest");
        close(fd);
        RUN_UNTIL(s.closed == round);
    }
    sink_done(&s);
    chardev_set_free(set);
    g_assert_cmpint(g_access(path, F_OK), !=, 0);
    g_rmdir(dir);
}

static void client_connects_again(void)
{
    g_autofree char *dir = g_dir_make_tmp("doppel-chr-XXXXXX", NULL);
    g_autofree char *path = in_folder(dir, "sock");
    g_autofree char *server = g_strdup_printf("socket,id=s,path=%s,server=on,wait=off", path);
    g_autofree char *client = g_strdup_printf("socket,id=c,path=%s,reconnect-ms=20", path);
    struct chardev_set *servers = chardev_set_new(), *set = chardev_set_new();
    struct sink c, s;

    sink_attach(&c, make(set, client));
    g_assert_cmpint(c.opened, ==, 0);
    for (int round = 1; round <= 2; round++) {
        sink_attach(&s, make(servers, server));
        RUN_UNTIL(c.opened == round && s.opened == 1);
        put(&c, "ping");
        RUN_UNTIL(s.got->len == 4);
        sink_done(&s);
        chardev_set_free(servers);
        servers = chardev_set_new();
        RUN_UNTIL(c.closed == round);
    }
    sink_done(&c);
    chardev_set_free(set);
    chardev_set_free(servers);
    g_rmdir(dir);
}

static void telnet_speaks_telnet(void)
{
    static const uint8_t greeting[] = { 255, 251, 1, 255, 251, 3, 255, 251, 0, 255, 253, 0 };
    static const uint8_t typed[] = { 'a', 255, 253, 1, 255, 255, 255, 250, 24, 1, 255, 240, '\r', 0, 255, 243, 'b' };
    static const uint8_t doubled[] = { 'x', 255, 255, 255, 255, 'y' };
    g_autofree char *dir = g_dir_make_tmp("doppel-chr-XXXXXX", NULL);
    g_autofree char *path = in_folder(dir, "sock");
    g_autofree char *text = g_strdup_printf("socket,id=t,path=%s,server=on,wait=off,telnet=on", path);
    struct chardev_set *set = chardev_set_new();
    struct sink s;
    int fd;

    sink_attach(&s, make(set, text));
    fd = dial(path);
    RUN_UNTIL(s.opened);
    expect(fd, (const char *)greeting, sizeof(greeting));
    g_assert_cmpint(write(fd, typed, sizeof(typed)), ==, sizeof(typed));
    RUN_UNTIL(s.got->len == 4);
    g_assert_cmpmem(s.got->str, 4, "a\xff\rb", 4);
    g_assert_cmpint(s.breaks, ==, 1);
    put(&s, "x\xff\xffy");
    expect(fd, (const char *)doubled, sizeof(doubled));
    close(fd);
    sink_done(&s);
    chardev_set_free(set);
    g_rmdir(dir);
}

static void a_slow_peer_blocks_nobody(void)
{
    g_autofree char *dir = g_dir_make_tmp("doppel-chr-XXXXXX", NULL);
    g_autofree char *path = in_folder(dir, "sock"),
                    *text = g_strdup_printf("socket,id=u,path=%s,server=on,wait=off", path);
    struct chardev_set *set = chardev_set_new();
    static uint8_t block[10000], back[65536];
    size_t sent = 0, read_back = 0, n;
    struct sink s;
    int fd, full = 0;

    sink_attach(&s, make(set, text));
    fd = dial(path);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    RUN_UNTIL(s.opened);
    while (full < 3) {
        for (size_t i = 0; i < sizeof(block); i++) {
            block[i] = (sent + i) % 251;
        }
        n = chardev_fe_write(&s.fe, block, sizeof(block));
        sent += n;
        full += n < sizeof(block);
        for (int i = 0; i < 5; i++) {
            g_main_context_iteration(NULL, FALSE);
        }
    }
    RUN_UNTIL(({
        ssize_t got = read(fd, back, sizeof(back));

        for (ssize_t i = 0; i < got; i++) {
            g_assert_cmpuint(back[i], ==, (read_back + i) % 251);
        }
        read_back += MAX(got, 0);
        read_back == sent;
    }));
    g_assert_cmpint(s.writable, >, 0);
    close(fd);
    sink_done(&s);
    chardev_set_free(set);
    g_rmdir(dir);
}

static void pty_reaches_its_opener(void)
{
    struct chardev_set *set = chardev_set_new();
    g_autoptr(GString) info = g_string_new(NULL);
    struct sink s;
    char name[64];
    int fd;

    sink_attach(&s, make(set, "pty,id=p"));
    chardev_info(set, info);
    g_assert_cmpint(sscanf(info->str, "p: filename=disconnected:pty:%63s", name), ==, 1);
    fd = open(name, O_RDWR | O_NOCTTY);
    RUN_UNTIL(s.opened == 1);
    put(&s, "login: ");
    expect(fd, "login: ", 7);
    g_assert_cmpint(write(fd, "root\r", 5), ==, 5);
    RUN_UNTIL(s.got->len == 5);
    g_assert_cmpstr(s.got->str, ==, "root\r");
    close(fd);
    RUN_UNTIL(s.closed == 1);
    sink_done(&s);
    chardev_set_free(set);
}

static void file_and_logfile(void)
{
    g_autofree char *dir = g_dir_make_tmp("doppel-chr-XXXXXX", NULL);
    g_autofree char *path = in_folder(dir, "out"), *log = in_folder(dir, "log");
    g_autofree char *text = g_strdup_printf("file,id=f,path=%s,logfile=%s", path, log);
    g_autofree char *again = g_strdup_printf("file,id=f,path=%s,append=on", path), *a = NULL, *b = NULL;
    struct chardev_set *set = chardev_set_new();
    struct sink s;

    sink_attach(&s, make(set, text));
    put(&s, "one ");
    sink_done(&s);
    chardev_set_free(set);
    set = chardev_set_new();
    sink_attach(&s, make(set, again));
    put(&s, "two");
    sink_done(&s);
    chardev_set_free(set);
    g_assert_true(g_file_get_contents(path, &a, NULL, NULL));
    g_assert_true(g_file_get_contents(log, &b, NULL, NULL));
    g_assert_cmpstr(a, ==, "one two");
    g_assert_cmpstr(b, ==, "one ");
    g_unlink(path);
    g_unlink(log);
    g_rmdir(dir);
}

static void note_quit(void *opaque)
{
    ++*(int *)opaque;
}

static void mux_obeys_its_keys(void)
{
    g_autofree char *dir = g_dir_make_tmp("doppel-chr-XXXXXX", NULL);
    g_autofree char *path = in_folder(dir, "sock");
    g_autofree char *text = g_strdup_printf("socket,id=m,path=%s,server=on,wait=off,mux=on", path);
    struct chardev_set *set = chardev_set_new();
    int quits = 0, fd;
    struct chardev_hooks hooks = { .opaque = &quits, .quit = note_quit };
    struct chardev *mux = make(set, text);
    struct sink guest, monitor;

    g_assert_true(chardev_find(set, "m") == mux);
    chardev_set_hooks(set, &hooks);
    sink_attach(&guest, mux);
    sink_attach(&monitor, mux);
    g_assert_cmpint(guest.focus, ==, 1);
    fd = dial(path);
    RUN_UNTIL(guest.opened && monitor.opened);
    g_assert_cmpint(write(fd, "ab\1cinfo\1cc\1\1\1b\1x", 17), ==, 17);
    RUN_UNTIL(quits == 1);
    g_assert_cmpstr(guest.got->str, ==, "abc\1");
    g_assert_cmpstr(monitor.got->str, ==, "info");
    g_assert_cmpint(guest.breaks, ==, 1);
    expect(fd, "doppel: Terminated\r\n", 20);
    /* A guest that takes nothing does not keep the keys from us. */
    guest.room = 0;
    g_assert_cmpint(write(fd, "lost?\1x", 7), ==, 7);
    RUN_UNTIL(quits == 2);
    expect(fd, "doppel: Terminated\r\n", 20);
    guest.room = 100;
    chardev_fe_accept_input(&guest.fe);
    RUN_UNTIL(guest.got->len == 9);
    g_assert_cmpstr(guest.got->str, ==, "abc\1lost?");
    g_assert_cmpint(write(fd, "\1t", 2), ==, 2);
    RUN_UNTIL(!g_main_context_pending(NULL));
    put(&guest, "x\ny");
    expect(fd, "x\n[00:00:00.", 12);
    close(fd);
    sink_done(&guest);
    sink_done(&monitor);
    chardev_set_free(set);
    g_rmdir(dir);
}

static void note_exit(void *opaque, int status)
{
    *(int *)opaque = status;
}

static void testdev_gives_an_exit_status(void)
{
    struct chardev_set *set = chardev_set_new();
    struct sink s;
    int status = -1;

    chardev_set_exit_hook(set, note_exit, &status);
    sink_attach(&s, make(set, "testdev,id=t"));
    put(&s, "7x21q");
    RUN_UNTIL(status == 43);
    sink_done(&s);
    chardev_set_free(set);
}

static void check_refused(struct chardev_set *set, const char *option, const char *text, const char *part)
{
    GError *err = NULL;
    struct chardev *chr = NULL;

    if (!strcmp(option, "-chardev")) {
        struct options *o = options_parse(option, text, "backend", &err);

        g_assert_null(chardev_new(set, o, &err));
        options_free(o);
    } else {
        g_assert_false(chardev_parse_legacy(set, option, "serial0", text, &chr, NULL, &err));
    }
    if (!strstr(err->message, part)) {
        g_error("'%s %s' fails with '%s', not '%s'", option, text, err->message, part);
    }
    g_clear_error(&err);
}

static void bad_options_are_named(void)
{
    struct chardev_set *set = chardev_set_new();
    struct chardev *null = make(set, "null,id=n");
    struct sink a;
    struct chardev_fe second;

    check_refused(set, "-chardev", "foo,id=x", "no character back end 'foo'; there are: null, stdio");
    check_refused(set, "-chardev", "null", "BACKEND,id=ID");
    check_refused(set, "-chardev", "null,id=n", "taken already");
    check_refused(set, "-chardev", "null,id=x,path=y", "'path' is not accepted here; accepted:");
    check_refused(set, "-chardev", "file,id=x", "path= is missing");
    check_refused(set, "-chardev", "file,id=x,path=/nonexistent/y", "cannot open '/nonexistent/y'");
    check_refused(set, "-chardev", "socket,id=x,host=h", "needs either path= (UNIX) or host= and port= (TCP)");
    check_refused(set, "-chardev", "socket,id=x,path=/nonexistent/s", "cannot connect to unix:/nonexistent/s");
    check_refused(set, "-chardev", "ringbuf,id=x,size=3", "not a power of two");
    check_refused(set, "-serial", "vc", "no graphical console");
    check_refused(set, "-serial", "floppy", "accepted: stdio, mon:stdio");
    check_refused(set, "-serial", "chardev:zz", "no -chardev with id=zz");
    check_refused(set, "-monitor", "mon:stdio", "'mon:' is for -serial");
    check_refused(set, "-serial", "tcp:nohost", "is no address");
    sink_attach(&a, null);
    g_assert_false(chardev_fe_attach(&second, null, &sink_ops, &a, NULL));
    g_assert_null(second.chr);
    sink_done(&a);
    chardev_set_free(set);
}

static void legacy_forms(void)
{
    g_autofree char *dir = g_dir_make_tmp("doppel-chr-XXXXXX", NULL);
    g_autofree char *path = in_folder(dir, "a,b"), *text = g_strdup_printf("file:%s", path);
    struct chardev_set *set = chardev_set_new();
    struct chardev *chr, *again;
    bool mon;

    g_assert_true(chardev_parse_legacy(set, "-serial", "serial0", "none", &chr, &mon, NULL));
    g_assert_null(chr);
    g_assert_true(chardev_parse_legacy(set, "-serial", "serial0", text, &chr, &mon, NULL));
    g_assert_cmpstr(chardev_id(chr), ==, "serial0");
    g_assert_cmpint(g_access(path, F_OK), ==, 0);
    g_assert_true(chardev_parse_legacy(set, "-serial", "x", "chardev:serial0", &again, &mon, NULL));
    g_assert_true(again == chr);
    g_assert_true(chardev_parse_legacy(set, "-serial", "serial1", "mon:null", &chr, &mon, NULL));
    g_assert_true(mon);
    g_assert_true(chardev_find(set, "serial1") == chr);
    g_assert_true(
        chardev_parse_legacy(set, "-serial", "serial2", "tcp:127.0.0.1:0,server=on,wait=off", &chr, &mon, NULL));
    g_assert_true(chardev_parse_legacy(set, "-serial", "serial3", "telnet::0,server,nowait", &chr, &mon, NULL));
    chardev_set_free(set);
    g_unlink(path);
    g_rmdir(dir);
}

/* In a child with a terminal of its own. */
static void terminal_child(const char *name)
{
    struct chardev_set *set;
    struct sink s;
    int fd;

    setsid();
    fd = open(name, O_RDWR);   /* becomes the controlling terminal */
    dup2(fd, 0);
    dup2(fd, 1);
    set = chardev_set_new();
    sink_attach(&s, make(set, "stdio,id=s,signal=off"));
    put(&s, "ready");
    for (;;) {
        g_main_context_iteration(NULL, TRUE);
        if (s.got->len) {
            put(&s, s.got->str);
            g_string_truncate(s.got, 0);
        }
    }
}

static void terminal_gets_its_mode_back(void)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY), status;
    struct termios before, during, after;
    pid_t child;

    g_assert_cmpint(grantpt(master) | unlockpt(master), ==, 0);
    g_assert_cmpint(tcgetattr(master, &before), ==, 0);
    g_assert_true(before.c_lflag & ICANON);
    child = fork();
    if (!child) {
        terminal_child(ptsname(master));
    }
    expect(master, "ready", 5);
    tcgetattr(master, &during);
    g_assert_false(during.c_lflag & (ICANON | ECHO | ISIG));
    g_assert_cmpint(write(master, "\3", 1), ==, 1);   /* Ctrl-C is a byte for the guest */
    expect(master, "\3", 1);
    kill(child, SIGTERM);
    waitpid(child, &status, 0);
    g_assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    tcgetattr(master, &after);
    g_assert_cmphex(after.c_lflag, ==, before.c_lflag);
    g_assert_cmphex(after.c_iflag, ==, before.c_iflag);
    g_assert_cmphex(after.c_cflag, ==, before.c_cflag);
    close(master);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/chardev/terminal", terminal_gets_its_mode_back);   /* forks: before any thread */
    g_test_add_func("/chardev/ringbuf", ringbuf_keeps_the_last_bytes);
    g_test_add_func("/chardev/unix_server", unix_server_serves_one_peer_after_the_other);
    g_test_add_func("/chardev/reconnect", client_connects_again);
    g_test_add_func("/chardev/telnet", telnet_speaks_telnet);
    g_test_add_func("/chardev/slow_peer", a_slow_peer_blocks_nobody);
    g_test_add_func("/chardev/pty", pty_reaches_its_opener);
    g_test_add_func("/chardev/file", file_and_logfile);
    g_test_add_func("/chardev/mux", mux_obeys_its_keys);
    g_test_add_func("/chardev/testdev", testdev_gives_an_exit_status);
    g_test_add_func("/chardev/bad_options", bad_options_are_named);
    g_test_add_func("/chardev/legacy", legacy_forms);
    return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Integer work: loops, tables, pointers, calls, dispatch. */
#include "work.h"

/* Primes below 4 million in a bit map. */
static double primes(void)
{
    enum { LIMIT = 4000000 };
    uint64_t *composite = malloc(LIMIT / 8 + 8);
    long count = 0;

    for (int round = 0; round < 18; round++) {
        memset(composite, 0, LIMIT / 8 + 8);
        for (long p = 2; p * p < LIMIT; p++) {
            if (composite[p >> 6] >> (p & 63) & 1) {
                continue;
            }
            for (long q = p * p; q < LIMIT; q += p) {
                composite[q >> 6] |= 1ull << (q & 63);
            }
        }
        for (long i = 0; i < LIMIT >> 6; i++) {
            count += __builtin_popcountll(~composite[i]);
        }
    }
    free(composite);
    return count;
}

/* A table-driven checksum: every step waits for the load before it. */
static double checksum(void)
{
    static uint32_t table[256];
    static uint8_t data[32768];
    uint32_t sum = 0;

    for (uint32_t i = 0; i < 256; i++) {
        uint32_t v = i << 24;
        for (int bit = 0; bit < 8; bit++) {
            v = v << 1 ^ (v >> 31) * 0x04c11db7u;
        }
        table[i] = v;
    }
    for (size_t i = 0; i < sizeof(data); i++) {
        data[i] = random64();
    }
    for (int round = 0; round < 5000; round++) {
        for (size_t i = 0; i < sizeof(data); i++) {
            sum = sum << 8 ^ table[(sum >> 24) ^ data[i]];
        }
    }
    return sum;
}

static void sift(uint32_t *heap, long at, long end)
{
    uint32_t value = heap[at];

    for (long child; (child = 2 * at + 1) < end; at = child) {
        if (child + 1 < end && heap[child + 1] > heap[child]) {
            child++;
        }
        if (heap[child] <= value) {
            break;
        }
        heap[at] = heap[child];
    }
    heap[at] = value;
}

static double heap_sort(void)
{
    enum { COUNT = 300000 };
    uint32_t *v = malloc(COUNT * sizeof(*v));
    double sum = 0;

    for (int round = 0; round < 9; round++) {
        for (long i = 0; i < COUNT; i++) {
            v[i] = random64();
        }
        for (long i = COUNT / 2; i-- > 0;) {
            sift(v, i, COUNT);
        }
        for (long end = COUNT - 1; end > 0; end--) {
            uint32_t top = v[0];
            v[0] = v[end];
            v[end] = top;
            sift(v, 0, end);
        }
        sum += v[COUNT / 3];
    }
    free(v);
    return sum;
}

static double matrix(void)
{
    enum { N = 128 };
    static int32_t a[N][N], b[N][N], c[N][N];
    uint32_t sum = 0;

    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++) {
            a[i][j] = random64() % 1000;
            b[i][j] = random64() % 1000;
        }
    }
    for (int round = 0; round < 130; round++) {
        for (int i = 0; i < N; i++) {
            for (int j = 0; j < N; j++) {
                int32_t dot = 0;
                for (int k = 0; k < N; k++) {
                    dot += a[i][k] * b[k][j];
                }
                c[i][j] = dot;
            }
        }
        a[round % N][3] ^= c[5][round % N];
        sum += c[round % N][7];
    }
    return sum;
}

struct tree {
    struct tree *left, *right;
    uint32_t key;
};

/* Inserts into and looks up in an unbalanced tree: pointers and unpredictable branches. */
static double tree(void)
{
    enum { NODES = 60000, LOOKUPS = 2600000 };
    struct tree *pool = calloc(NODES, sizeof(*pool)), *root = NULL;
    long found = 0;

    for (int i = 0; i < NODES; i++) {
        struct tree **at = &root;
        pool[i].key = random64() % (NODES * 2);
        while (*at) {
            at = pool[i].key < (*at)->key ? &(*at)->left : &(*at)->right;
        }
        *at = &pool[i];
    }
    for (int i = 0; i < LOOKUPS; i++) {
        uint32_t key = random64() % (NODES * 2);
        const struct tree *t = root;
        while (t && t->key != key) {
            t = key < t->key ? t->left : t->right;
        }
        found += t != NULL;
    }
    free(pool);
    return found;
}

/* Counts words, numbers, strings and comments in a synthetic text, one character at a time. */
static double lexer(void)
{
    enum state { BLANK, WORD, NUMBER, STRING, COMMENT };
    static const char alphabet[] = "etaoin shrdlu 0123 \"quote\" #c\n (x) = y;";
    static char text[40000];
    long seen[5] = { 0 };

    for (size_t i = 0; i < sizeof(text); i++) {
        text[i] = alphabet[random64() % (sizeof(alphabet) - 1)];
    }
    for (int round = 0; round < 2200; round++) {
        enum state state = BLANK;
        for (size_t i = 0; i < sizeof(text); i++) {
            char c = text[i];
            enum state next = state;
            switch (state) {
            case BLANK:
                next = c >= 'a' && c <= 'z' ? WORD : c >= '0' && c <= '9' ? NUMBER : c == '"' ? STRING
                     : c == '#' ? COMMENT : BLANK;
                break;
            case WORD: next = c >= 'a' && c <= 'z' ? WORD : BLANK; break;
            case NUMBER: next = c >= '0' && c <= '9' ? NUMBER : BLANK; break;
            case STRING: next = c == '"' ? BLANK : STRING; break;
            case COMMENT: next = c == '\n' ? BLANK : COMMENT; break;
            }
            seen[next] += next != state;
            state = next;
        }
    }
    return seen[0] + 2.0 * seen[1] + 3.0 * seen[2] + 4.0 * seen[3] + 5.0 * seen[4];
}

/* A stack machine with a switch for each instruction: one indirect jump in the middle of everything. */
static double machine(void)
{
    enum op { PUSH, ADD, SUB, MUL, DUP, SWAP, XOR, LOOP };
    static const uint8_t program[] = { PUSH, 3, ADD, DUP, PUSH, 7, MUL, XOR, DUP, PUSH, 1, SUB, SWAP, ADD, LOOP };
    uint32_t stack[16] = { 1, 1 };
    int sp = 2;

    for (long left = 5000000, pc = 0; left > 0;) {
        switch ((enum op)program[pc++]) {
        case PUSH: stack[sp++] = program[pc++]; break;
        case ADD: sp--; stack[sp - 1] += stack[sp]; break;
        case SUB: sp--; stack[sp - 1] -= stack[sp]; break;
        case MUL: sp--; stack[sp - 1] *= stack[sp]; break;
        case XOR: sp--; stack[sp - 1] ^= stack[sp]; break;
        case DUP: stack[sp] = stack[sp - 1]; sp++; break;
        case SWAP: { uint32_t t = stack[sp - 1]; stack[sp - 1] = stack[sp - 2]; stack[sp - 2] = t; break; }
        case LOOP: pc = 0; left--; break;
        }
    }
    return stack[sp - 1];
}

/* Solutions of the queens problem: recursion with bit masks. */
static NOINLINE long queens(uint32_t columns, uint32_t left, uint32_t right, uint32_t all)
{
    long count = 0;

    if (columns == all) {
        return 1;
    }
    for (uint32_t open = all & ~(columns | left | right); open;) {
        uint32_t bit = open & -open;
        open ^= bit;
        count += queens(columns | bit, (left | bit) << 1, (right | bit) >> 1, all);
    }
    return count;
}

static double recursion(void)
{
    return queens(0, 0, 0, (1u << 14) - 1);
}

static int by_value(const void *x, const void *y)
{
    uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;

    return (a > b) - (a < b);
}

/* The C library's sort, calling back for every comparison. */
static double callbacks(void)
{
    enum { COUNT = 120000 };
    uint64_t *v = malloc(COUNT * sizeof(*v));
    uint64_t sum = 0;

    for (int round = 0; round < 12; round++) {
        for (int i = 0; i < COUNT; i++) {
            v[i] = random64();
        }
        qsort(v, COUNT, sizeof(*v), by_value);
        sum ^= v[COUNT / 2];
    }
    free(v);
    return (double)(sum >> 32);
}

/* Euclid: a chain of remainders. */
static double division(void)
{
    uint64_t sum = 0;

    for (int i = 0; i < 6500000; i++) {
        uint64_t a = random64() >> 20, b = random64() >> 24 | 1;
        while (b) {
            uint64_t r = a % b;
            a = b;
            b = r;
        }
        sum += a;
    }
    return sum;
}

/* A 128-bit congruential generator: high and low halves of products. */
static double wide_multiply(void)
{
    unsigned __int128 state = 1;
    uint64_t sum = 0;

    for (long i = 0; i < 300000000; i++) {
        state = state * 0xda942042e4dd58b5ull + 0x14057b7ef767814full;
        sum ^= (uint64_t)(state >> 64);
    }
    return (uint32_t)sum;
}

static inline uint32_t rotate(uint32_t x, int n)
{
    return x << n | x >> (32 - n);
}

/* The compression function of SHA-1 on one block, over and over. */
static double rotates(void)
{
    uint32_t w[80], h[5] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0 };

    for (int block = 0; block < 800000; block++) {
        for (int t = 0; t < 16; t++) {
            w[t] = h[t % 5] + t * block;
        }
        for (int t = 16; t < 80; t++) {
            w[t] = rotate(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
        }
        uint32_t a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
        for (int t = 0; t < 80; t++) {
            uint32_t f = t < 20 ? (b & c) | (~b & d) : t < 40 || t >= 60 ? b ^ c ^ d : (b & c) | (b & d) | (c & d);
            uint32_t k = t < 20 ? 0x5a827999 : t < 40 ? 0x6ed9eba1 : t < 60 ? 0x8f1bbcdc : 0xca62c1d6;
            uint32_t next = rotate(a, 5) + f + e + k + w[t];
            e = d;
            d = c;
            c = rotate(b, 30);
            b = a;
            a = next;
        }
        h[0] += a, h[1] += b, h[2] += c, h[3] += d, h[4] += e;
    }
    return h[0];
}

/* Splits a text into words and counts them in a chained hash table. */
static double words(void)
{
    enum { BUCKETS = 2048, TEXT = 50000 };
    struct entry { struct entry *next; int count; char word[12]; };
    static char text[TEXT + 1];
    double sum = 0;

    for (int i = 0; i < TEXT; i++) {
        text[i] = random64() % 5 ? "aeinrst"[random64() % 7] : ' ';
    }
    for (int round = 0; round < 170; round++) {
        struct entry *table[BUCKETS] = { NULL }, *e;
        long unique = 0;
        for (const char *p = text; *p;) {
            size_t n = strcspn(p, " ");
            char word[12];
            size_t keep = n < sizeof(word) ? n : sizeof(word) - 1;
            uint32_t hash = 5381;
            memcpy(word, p, keep);
            word[keep] = 0;
            for (size_t i = 0; i < keep; i++) {
                hash = hash * 33 ^ (uint8_t)word[i];
            }
            for (e = table[hash % BUCKETS]; e && strcmp(e->word, word) != 0; e = e->next) {
            }
            if (!e) {
                e = calloc(1, sizeof(*e));
                strcpy(e->word, word);
                e->next = table[hash % BUCKETS];
                table[hash % BUCKETS] = e;
                unique++;
            }
            e->count++;
            p += n + strspn(p + n, " ");
        }
        for (int i = 0; i < BUCKETS; i++) {
            while ((e = table[i])) {
                table[i] = e->next;
                free(e);
            }
        }
        sum += unique;
    }
    return sum;
}

const struct work int_work[] = {
    { "int-primes", primes }, { "int-checksum", checksum }, { "int-heapsort", heap_sort }, { "int-matrix", matrix },
    { "int-tree", tree }, { "int-lexer", lexer }, { "int-machine", machine }, { "int-recursion", recursion },
    { "int-callbacks", callbacks }, { "int-division", division }, { "int-multiply", wide_multiply },
    { "int-rotates", rotates }, { "int-words", words }, { NULL, NULL },
};

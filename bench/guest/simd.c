/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loops that compilers turn into vector instructions where the guest has some (arm64, amd64). */
#pragma GCC optimize("O3")
#include "work.h"

enum { N = 4096 };      /* elements of a buffer: what is measured is arithmetic, not memory */

static uint8_t bytes_a[3 * N], bytes_b[3 * N], bytes_c[3 * N];
static int16_t halves_a[N], halves_b[N], halves_c[N];
static uint32_t words_a[N], words_b[N];
static float floats_a[N], floats_b[N], floats_c[N];

static void fill(void)
{
    for (int i = 0; i < N; i++) {
        words_a[i] = random64() >> 17;
        words_b[i] = random64() >> 13;
        halves_a[i] = words_a[i];
        halves_b[i] = words_b[i];
        floats_a[i] = (int32_t)words_a[i] / 1e8f;
        floats_b[i] = (int32_t)words_b[i] / 1e9f;
        floats_c[i] = 0;
        for (int k = 0; k < 3; k++) {
            bytes_a[3 * i + k] = words_a[i] >> 8 * k;
            bytes_b[3 * i + k] = words_b[i] >> 8 * k;
        }
    }
}

static NOINLINE void axpy_row(float *restrict y, const float *restrict x, float a)
{
    for (int i = 0; i < N; i++) {
        y[i] += a * x[i];
    }
}

/* Singles: a multiple of one row added to another. */
static double axpy(void)
{
    double sum = 0;

    fill();
    for (int round = 0; round < 20000; round++) {
        axpy_row(floats_c, floats_a, (round % 7 - 3) * 0.25f);
    }
    for (int i = 0; i < N; i++) {
        sum += floats_c[i];
    }
    return sum;
}

/* Doubles: a product of matrices. */
static double product(void)
{
    enum { M = 160 };
    static double a[M][M], b[M][M], c[M][M];

    for (int i = 0; i < M; i++) {
        for (int j = 0; j < M; j++) {
            a[i][j] = (i * 7 + j * 3) % 11 - 5;
            b[i][j] = (i * 5 + j * 9) % 13 - 6;
            c[i][j] = 0;
        }
    }
    for (int round = 0; round < 18; round++) {
        for (int i = 0; i < M; i++) {
            for (int k = 0; k < M; k++) {
                const double f = a[i][k];
                for (int j = 0; j < M; j++) {
                    c[i][j] += f * b[k][j];
                }
            }
        }
    }
    return c[3][5] + c[M - 1][M - 2];
}

static NOINLINE void clamp_row(float *restrict to, const float *restrict x, const float *restrict low, float high)
{
    for (int i = 0; i < N; i++) {
        float v = x[i] < low[i] ? low[i] : x[i];
        to[i] = v > high ? high : v;
    }
}

/* Singles: comparisons that select. */
static double clamp(void)
{
    double sum = 0;

    fill();
    for (int round = 0; round < 25000; round++) {
        clamp_row(floats_c, floats_a, floats_b, round & 15);
        sum += floats_c[round % N];
    }
    return sum;
}

static NOINLINE void scale_row(uint32_t *restrict to, const uint32_t *restrict from, float by)
{
    for (int i = 0; i < N; i++) {
        to[i] = (int32_t)((float)(int32_t)from[i] * by);
    }
}

/* Integers to singles and back. */
static double scale(void)
{
    double sum = 0;

    fill();
    for (int round = 0; round < 15000; round++) {
        scale_row(words_b, words_a, (round & 63) / 128.0f);
        sum += (int32_t)words_b[round % N];
    }
    return sum;
}

static NOINLINE void blur_row(uint8_t *restrict to, const uint8_t *restrict from)
{
    for (int i = 1; i < 3 * N - 1; i++) {
        to[i] = (from[i - 1] + 2 * from[i] + from[i + 1] + 2) >> 2;
    }
}

/* Bytes widened to sums of 16 bits and narrowed. */
static double blur(void)
{
    fill();
    for (int round = 0; round < 12000; round++) {
        blur_row(bytes_c, bytes_a);
        blur_row(bytes_a, bytes_c);
        bytes_a[round % N] ^= round;
    }
    return bytes_a[5] + bytes_a[N];
}

static NOINLINE int32_t dot_row(const int16_t *a, const int16_t *b)
{
    int32_t sum = 0;

    for (int i = 0; i < N; i++) {
        sum += (a[i] >> 4) * (b[i] >> 4);
    }
    return sum;
}

/* Products of 16 bits summed in 32. */
static double dot(void)
{
    double sum = 0;

    fill();
    for (int round = 0; round < 80000; round++) {
        halves_a[round % N] ^= round;
        sum += dot_row(halves_a, halves_b);
    }
    return sum;
}

static NOINLINE uint32_t difference_row(const uint8_t *a, const uint8_t *b)
{
    uint32_t sum = 0;

    for (int i = 0; i < 3 * N; i++) {
        sum += abs(a[i] - b[i]);
    }
    return sum;
}

/* Sums of absolute differences, as an encoder of video has them. */
static double differences(void)
{
    double sum = 0;

    fill();
    for (int round = 0; round < 48000; round++) {
        bytes_a[round % N] ^= round;
        sum += difference_row(bytes_a, bytes_b);
    }
    return sum;
}

static NOINLINE void mix_row(int16_t *restrict to, const int16_t *restrict a, const int16_t *restrict b, int volume)
{
    for (int i = 0; i < N; i++) {
        int v = a[i] + ((b[i] * volume) >> 8);
        to[i] = v > INT16_MAX ? INT16_MAX : v < INT16_MIN ? INT16_MIN : v;
    }
}

/* Two sounds with saturation. */
static double sound(void)
{
    double sum = 0;

    fill();
    for (int round = 0; round < 70000; round++) {
        mix_row(halves_c, halves_a, halves_b, round & 255);
        sum += halves_c[round % N];
    }
    return sum;
}

static NOINLINE void hash_row(uint32_t *restrict state, const uint32_t *restrict data)
{
    for (int i = 0; i < N; i++) {
        uint32_t x = state[i] ^ data[i];
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        state[i] = (x << 7 | x >> 25) + (~x & data[i]);
    }
}

/* Logic and shifts of 32 bits. */
static double bits(void)
{
    fill();
    for (int round = 0; round < 45000; round++) {
        hash_row(words_a, words_b);
    }
    return words_a[0] ^ words_a[N / 2];
}

static NOINLINE void grey_row(uint8_t *restrict to, const uint8_t *restrict rgb)
{
    for (int i = 0; i < N; i++) {
        to[i] = (rgb[3 * i] * 77 + rgb[3 * i + 1] * 150 + rgb[3 * i + 2] * 29) >> 8;
    }
}

/* Pixels of three bytes to grey: permutations. */
static double grey(void)
{
    double sum = 0;

    fill();
    for (int round = 0; round < 36000; round++) {
        grey_row(bytes_c, bytes_a);
        sum += bytes_c[round % N];
        bytes_a[round % N] ^= round;
    }
    return sum;
}

const struct work simd_work[] = {
    { "simd-axpy", axpy }, { "simd-product", product }, { "simd-clamp", clamp }, { "simd-scale", scale },
    { "simd-blur", blur }, { "simd-dot", dot }, { "simd-differences", differences }, { "simd-sound", sound },
    { "simd-bits", bits }, { "simd-grey", grey }, { NULL, NULL },
};

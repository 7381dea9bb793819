/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scalar floating-point work. */
#include <math.h>
#include "work.h"

/* A small gas of bodies under gravity, leap-frog steps. */
static double gravity(void)
{
    enum { BODIES = 6, STEPS = 330000 };
    double pos[BODIES][3], vel[BODIES][3], mass[BODIES], energy = 0;
    const double dt = 5e-4;

    for (int i = 0; i < BODIES; i++) {
        for (int k = 0; k < 3; k++) {
            pos[i][k] = cos(i * 2.1 + k) * (1 + i);
            vel[i][k] = sin(i + k * 1.3) * 0.1;
        }
        mass[i] = 1.0 / (1 + i * i);
    }
    for (int step = 0; step < STEPS; step++) {
        for (int i = 0; i < BODIES; i++) {
            for (int j = 0; j < i; j++) {
                double d[3], r2 = 1e-3;
                for (int k = 0; k < 3; k++) {
                    d[k] = pos[i][k] - pos[j][k];
                    r2 += d[k] * d[k];
                }
                double pull = dt / (r2 * sqrt(r2));
                for (int k = 0; k < 3; k++) {
                    vel[i][k] -= d[k] * mass[j] * pull;
                    vel[j][k] += d[k] * mass[i] * pull;
                }
            }
        }
        for (int i = 0; i < BODIES; i++) {
            for (int k = 0; k < 3; k++) {
                pos[i][k] += dt * vel[i][k];
            }
        }
    }
    for (int i = 0; i < BODIES; i++) {
        for (int k = 0; k < 3; k++) {
            energy += 0.5 * mass[i] * vel[i][k] * vel[i][k];
        }
    }
    return energy;
}

/* Escape times of the Julia set of z*z - 0.8 + 0.156i. */
static double julia(void)
{
    long inside = 0;

    for (int y = 0; y < 1600; y++) {
        for (int x = 0; x < 640; x++) {
            double re = x / 200.0 - 1.6, im = y / 500.0 - 1.6;
            int n = 0;
            while (n < 160 && re * re + im * im < 4) {
                double t = re * re - im * im - 0.8;
                im = 2 * re * im + 0.156;
                re = t;
                n++;
            }
            inside += n;
        }
    }
    return inside;
}

/* Power iteration on a dense symmetric matrix that is never stored. */
static double power(void)
{
    enum { N = 320 };
    static double v[N], w[N];
    double norm = 0;

    for (int i = 0; i < N; i++) {
        v[i] = 1;
    }
    for (int round = 0; round < 420; round++) {
        norm = 0;
        for (int i = 0; i < N; i++) {
            double sum = 0;
            for (int j = 0; j < N; j++) {
                sum += v[j] / (1.0 + i + j);
            }
            w[i] = sum;
            norm += sum * sum;
        }
        norm = sqrt(norm);
        for (int i = 0; i < N; i++) {
            v[i] = w[i] / norm;
        }
    }
    return norm;
}

/* Gaussian elimination with partial pivoting. */
static double gauss(void)
{
    enum { N = 180 };
    static double a[N][N + 1];
    double sum = 0;

    for (int round = 0; round < 55; round++) {
        for (int i = 0; i < N; i++) {
            for (int j = 0; j <= N; j++) {
                a[i][j] = (double)(random64() >> 40) / (1 << 24) - 0.5;
            }
        }
        for (int k = 0; k < N; k++) {
            int pivot = k;
            for (int i = k + 1; i < N; i++) {
                pivot = fabs(a[i][k]) > fabs(a[pivot][k]) ? i : pivot;
            }
            for (int j = k; j <= N; j++) {
                double t = a[k][j];
                a[k][j] = a[pivot][j];
                a[pivot][j] = t;
            }
            for (int i = k + 1; i < N; i++) {
                double f = a[i][k] / a[k][k];
                for (int j = k; j <= N; j++) {
                    a[i][j] -= f * a[k][j];
                }
            }
        }
        sum += a[N - 1][N] / a[N - 1][N - 1];
    }
    return sum;
}

/* Heat on a ring in single precision. */
static double heat(void)
{
    enum { N = 2048 };
    static float now[N], next[N];
    float sum = 0;

    for (int i = 0; i < N; i++) {
        now[i] = i % 97 * 0.25f;
    }
    for (int step = 0; step < 18000; step++) {
        for (int i = 1; i < N - 1; i++) {
            next[i] = now[i] + 0.23f * (now[i - 1] - 2 * now[i] + now[i + 1]);
        }
        next[0] = next[N - 2];
        next[N - 1] = next[1];
        memcpy(now, next, sizeof(now));
    }
    for (int i = 0; i < N; i++) {
        sum += now[i];
    }
    return sum;
}

/* An iterative radix-2 Fourier transform, there and back. */
static double fourier(void)
{
    enum { LOG = 11, N = 1 << LOG };
    static double re[N], im[N], cosine[N], sine[N];

    for (int i = 0; i < N; i++) {
        cosine[i] = cos(2 * M_PI * i / N);
        sine[i] = sin(2 * M_PI * i / N);
        re[i] = (double)(random64() >> 44) / (1 << 20);
        im[i] = 0;
    }
    for (int round = 0; round < 900; round++) {
        double sign = round & 1 ? -1 : 1;
        for (int i = 1, j = 0; i < N; i++) {
            int bit = N >> 1;
            for (; j & bit; bit >>= 1) {
                j ^= bit;
            }
            j ^= bit;
            if (i < j) {
                double t = re[i];
                re[i] = re[j], re[j] = t;
                t = im[i], im[i] = im[j], im[j] = t;
            }
        }
        for (int half = 1; half < N; half <<= 1) {
            for (int k = 0; k < half; k++) {
                double wr = cosine[k * (N / 2 / half)], wi = sign * sine[k * (N / 2 / half)];
                for (int i = k; i < N; i += 2 * half) {
                    double tr = re[i + half] * wr - im[i + half] * wi, ti = re[i + half] * wi + im[i + half] * wr;
                    re[i + half] = re[i] - tr;
                    im[i + half] = im[i] - ti;
                    re[i] += tr;
                    im[i] += ti;
                }
            }
        }
        for (int i = 0; sign < 0 && i < N; i++) {
            re[i] /= N;
            im[i] /= N;
        }
    }
    return re[1] + im[7];
}

/* The mathematical library. */
static double library(void)
{
    double sum = 0;

    for (int i = 0; i < 500000; i++) {
        double x = 0.5 + i * 1e-5;
        sum += cos(x) * exp(-x) + log1p(x) + atan2(x, sum + 2) + pow(x, 1.5);
    }
    return sum;
}

/* Conversions between integers and both precisions, with comparisons. */
static double convert(void)
{
    double sum = 0;
    float low = 0;

    for (int i = 0; i < 16000000; i++) {
        int64_t whole = (int64_t)(sum * 0.5) + i;
        low = (float)whole * 0.125f;
        sum = sum < 4096 ? sum + (double)(int32_t)low * 1e-3 : sum - 4000.5;
    }
    return sum + low;
}

const struct work fp_work[] = {
    { "fp-gravity", gravity }, { "fp-julia", julia }, { "fp-power", power }, { "fp-gauss", gauss }, { "fp-heat", heat },
    { "fp-fourier", fourier }, { "fp-library", library }, { "fp-convert", convert }, { NULL, NULL },
};

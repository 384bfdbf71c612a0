// SPDX-License-Identifier: GPL-2.0-or-later
/* Rows of work that asks nothing of the kernel: what a hypervisor takes of a program that only computes. */
#include <sys/mman.h>

#include "micro.h"

/* Conjugate gradients on the five-point Laplacian of a square grid. */
#define SIDE 64
#define CELLS (SIDE * SIDE)

struct vectors {
	double x[CELLS], r[CELLS], p[CELLS], q[CELLS];
};

static double dot(const double *a, const double *b)
{
	double sum = 0;
	unsigned int i;

	for (i = 0; i < CELLS; i++)
		sum += a[i] * b[i];
	return sum;
}

static void laplacian(const double *v, double *result)
{
	unsigned int row, column;

	for (row = 0; row < SIDE; row++)
		for (column = 0; column < SIDE; column++) {
			const double *c = v + row * SIDE + column;
			double near = 0;

			if (row > 0)
				near += c[-SIDE];
			if (row < SIDE - 1)
				near += c[SIDE];
			if (column > 0)
				near += c[-1];
			if (column < SIDE - 1)
				near += c[1];
			result[row * SIDE + column] = 4 * c[0] - near;
		}
}

/* One step; the new square of the residual, whose old one is given. */
static double step(struct vectors *v, double square)
{
	double alpha, beta, next;
	unsigned int i;

	laplacian(v->p, v->q);
	alpha = square / dot(v->p, v->q);
	for (i = 0; i < CELLS; i++) {
		v->x[i] += alpha * v->p[i];
		v->r[i] -= alpha * v->q[i];
	}
	next = dot(v->r, v->r);
	beta = next / square;
	for (i = 0; i < CELLS; i++)
		v->p[i] = v->r[i] + beta * v->p[i];
	return next;
}

static uint64_t run_gradients(unsigned int count)
{
	struct vectors *v = calloc(1, sizeof(*v));
	double square = CELLS;
	uint64_t begin;
	unsigned int i;

	if (!v)
		die("calloc");
	for (i = 0; i < CELLS; i++)
		v->r[i] = v->p[i] = 1;
	begin = ticks_begin();
	while (count--)
		square = step(v, square);
	begin = ticks_end() - begin;
	/* That it gets nearer shows that it was computed, and keeps the compiler from leaving it out. */
	if (!(square < CELLS))
		die("conjugate gradients");
	free(v);
	return begin;
}

#define TRIAD (1u << 18)	/* elements */
#define TRIAD_PAGES (TRIAD * sizeof(double) / PAGE)

static double *vector(void)
{
	return map_pages(TRIAD_PAGES, PROT_READ | PROT_WRITE);
}

static uint64_t run_triad(unsigned int count)
{
	double *a = vector(), *b = vector(), *c = vector();
	uint64_t begin;
	unsigned int i;

	for (i = 0; i < TRIAD; i++) {
		a[i] = 0;
		b[i] = 1;
		c[i] = i;
	}
	begin = ticks_begin();
	while (count--) {
		for (i = 0; i < TRIAD; i++)
			a[i] = b[i] + 3 * c[i];
		__asm__ volatile("" ::: "memory");
	}
	begin = ticks_end() - begin;
	if (a[TRIAD - 1] != 1 + 3.0 * (TRIAD - 1))
		die("triad");
	unmap_pages(a, TRIAD_PAGES);
	unmap_pages(b, TRIAD_PAGES);
	unmap_pages(c, TRIAD_PAGES);
	return begin;
}

const struct row compute_rows[] = {
	{ "conjugate gradients, 4096 unknowns", "step", 60, 7, run_gradients },
	{ "triad, 256 K elements", "pass", 4, 7, run_triad },
	{ 0 },
};

/* draw.c - one drawn digit: 28x28 grey pixels that look handwritten, made from
   (seed, index) alone.

   A glyph (glyphs.def) is a list of points in a box of 100 x 100. Drawing one:
   shake the points, bend the box (elastic), turn, shear, scale and shift it
   (affine), run a smooth curve through the points, and give each pixel ink by
   its distance from the curve. Pen width, contrast, softness and noise differ
   from digit to digit. The amounts are such that a linear model stays under
   93% while the MLP of examples/02_mnist.lua passes 97%.

   Only + - * / and sqrt touch the numbers, in a fixed order, so the pixels are
   the same on every machine: they are part of the file format. */
#include <math.h>

#include "data/data.h"

enum {
  SIDE = PERI_DIGIT_SIDE,
  PIXELS = PERI_DIGIT_PIXELS,
  MAX_POINTS = 20,
  SPAN_STEPS = 5, /* straight pieces between two points of a curve */
  NET = 4         /* nodes of the elastic net, each way */
};

/* ---- Glyphs ----------------------------------------------------------- */

typedef struct {
  uint8_t x, y;
} spot;

/* What a place of a glyph says when it is no point: the pen leaves the paper,
   or the glyph ends. */
enum { UP_X = 254, END_X = 255 };

#define AT(x, y) {x, y},
#define UP {UP_X, 0},

static const struct {
  int digit;
  spot points[MAX_POINTS];
} glyphs[] = {
#define GLYPH(digit, points) {digit, {points{END_X, 0}}},
#include "data/glyphs.def"
#undef GLYPH
};

/* ---- Chance ----------------------------------------------------------- */

typedef struct {
  uint64_t seed, index, block;
  uint32_t word[4];
  int left; /* words not used yet */
} dice;

static uint32_t roll(dice *d) {
  if (d->left == 0) {
    peri__philox(d->seed, d->block++, d->index, PERI_STREAM_SAMPLE, d->word);
    d->left = 4;
  }
  return d->word[4 - d->left--];
}

/* Uniform in [low, high). */
static double between(dice *d, double low, double high) {
  return low + (high - low) * (double)peri__uniform32(roll(d));
}

/* Bell-shaped with mean 0 and deviation 1; four uniforms in sum, so never
   beyond 3.5: no digit is torn to pieces. */
static double bell(dice *d) {
  double sum = 0;
  for (int i = 0; i < 4; i++) sum += between(d, 0, 1);
  return (sum - 2) * 1.7320508075688772; /* sqrt(12 / 4) */
}

/* ---- The hand --------------------------------------------------------- */

typedef struct {
  double x, y;
} point;

/* How this digit is written. */
typedef struct {
  point net[NET][NET]; /* displacement of the elastic net's nodes */
  double a, b, c, e;   /* x' = a x + b y + dx; y' = c x + e y + dy */
  double dx, dy;
  double width[2];   /* half the pen's width at start and end of a stroke */
  double soft;       /* half the width of the ink's edge */
  double ink, paper; /* grey of a full stroke; strength of the noise */
} hand;

/* A linear map that shears, scales, then turns by about 'turn' radians; sine
   and cosine come from the half-angle tangent, which needs no library. */
static void choose_affine(hand *h, dice *d) {
  double t = 0.5 * 0.14 * bell(d);
  double cosine = (1 - t * t) / (1 + t * t), sine = 2 * t / (1 + t * t);
  double shear = 0.16 * bell(d) - 0.08;
  double size = 0.195 * (1 + 0.08 * bell(d));
  double sx = size * (0.98 + 0.11 * bell(d)), sy = size;
  h->a = sx * cosine;
  h->b = sx * shear * cosine - sy * sine;
  h->c = sx * sine;
  h->e = sx * shear * sine + sy * cosine;
  h->dx = 0.5 * SIDE + 1.3 * bell(d);
  h->dy = 0.5 * SIDE + 1.3 * bell(d);
}

static void choose_hand(hand *h, dice *d) {
  for (int i = 0; i < NET * NET; i++) {
    h->net[i / NET][i % NET].x = 8 * bell(d);
    h->net[i / NET][i % NET].y = 8 * bell(d);
  }
  choose_affine(h, d);
  h->width[0] = between(d, 0.7, 1.6);
  h->width[1] = h->width[0] * between(d, 0.7, 1.1);
  h->soft = between(d, 0.5, 1.0);
  h->ink = between(d, 0.65, 1);
  h->paper = between(d, 0, 0.12);
}

/* The four cubic Bernstein polynomials at 't'. */
static void bernstein(double t, double out[NET]) {
  double s = 1 - t;
  out[0] = s * s * s;
  out[1] = 3 * s * s * t;
  out[2] = 3 * s * t * t;
  out[3] = t * t * t;
}

/* Where the hand puts the point (x, y) of the box, in pixels. */
static point place(const hand *h, double x, double y) {
  double bx[NET], by[NET];
  bernstein(0.01 * x, bx);
  bernstein(0.01 * y, by);
  for (int i = 0; i < NET; i++)
    for (int j = 0; j < NET; j++) {
      x += by[i] * bx[j] * h->net[i][j].x;
      y += by[i] * bx[j] * h->net[i][j].y;
    }
  x -= 50;
  y -= 50;
  return (point){h->a * x + h->b * y + h->dx, h->c * x + h->e * y + h->dy};
}

/* ---- Ink -------------------------------------------------------------- */

static int clamp_pixel(double x) {
  return x < 0 ? 0 : x > SIDE - 1 ? SIDE - 1 : (int)x;
}

/* Ink the straight piece p-q with a pen of half width 'r': depth[] keeps, for
   each pixel, how far it lies inside the ink at most. */
static void ink_piece(double *depth, point p, point q, double r, double reach) {
  double vx = q.x - p.x, vy = q.y - p.y;
  double length2 = vx * vx + vy * vy;
  double scale = length2 > 0 ? 1 / length2 : 0;
  int left = clamp_pixel((p.x < q.x ? p.x : q.x) - reach);
  int right = clamp_pixel((p.x > q.x ? p.x : q.x) + reach);
  int top = clamp_pixel((p.y < q.y ? p.y : q.y) - reach);
  int bottom = clamp_pixel((p.y > q.y ? p.y : q.y) + reach);
  for (int row = top; row <= bottom; row++)
    for (int column = left; column <= right; column++) {
      double wx = column + 0.5 - p.x, wy = row + 0.5 - p.y;
      double t = (wx * vx + wy * vy) * scale;
      t = t < 0 ? 0 : t > 1 ? 1 : t;
      double ex = wx - t * vx, ey = wy - t * vy;
      double inside = r - sqrt(ex * ex + ey * ey);
      double *best = &depth[row * SIDE + column];
      if (inside > *best) *best = inside;
    }
}

/* The curve through b and c at 't' from b, with neighbours a and d
   (Catmull-Rom). */
static double curve(double a, double b, double c, double d, double t) {
  double slope = 0.5 * (c - a), end = 0.5 * (d - b);
  double k2 = 3 * (c - b) - 2 * slope - end;
  double k3 = 2 * (b - c) + slope + end;
  return b + t * (slope + t * (k2 + t * k3));
}

/* Ink one stroke of 'count' points of the box. */
static void ink_stroke(const hand *h, const point *stroke, int count,
                       double *depth) {
  point from = place(h, stroke[0].x, stroke[0].y);
  double reach =
      h->soft + (h->width[0] > h->width[1] ? h->width[0] : h->width[1]);
  int pieces = (count - 1) * SPAN_STEPS;
  for (int i = 0; i < pieces; i++) {
    int k = i / SPAN_STEPS;
    double t = (double)(i % SPAN_STEPS + 1) / SPAN_STEPS;
    const point *b = &stroke[k], *c = &stroke[k + 1];
    const point *a = k > 0 ? b - 1 : b, *d = k + 2 < count ? c + 1 : c;
    point to = place(h, curve(a->x, b->x, c->x, d->x, t),
                     curve(a->y, b->y, c->y, d->y, t));
    double along = (double)i / pieces;
    double r = h->width[0] + along * (h->width[1] - h->width[0]);
    ink_piece(depth, from, to, r, reach);
    from = to;
  }
}

/* Where a shaking hand sets 'glyph'; x is drawn before y. */
static point shake(dice *d, const spot *glyph) {
  point p;
  p.x = glyph->x + 2.6 * bell(d);
  p.y = glyph->y + 2.6 * bell(d);
  return p;
}

/* Ink all strokes of 'glyph', its points shaken, a corner's both as one. */
static void ink_glyph(const hand *h, dice *d, const spot *glyph,
                      double *depth) {
  point stroke[MAX_POINTS];
  int count = 0;
  for (;; glyph++) {
    if (glyph->x < UP_X) {
      bool corner =
          count > 0 && glyph->x == glyph[-1].x && glyph->y == glyph[-1].y;
      stroke[count] = corner ? stroke[count - 1] : shake(d, glyph);
      count++;
      continue;
    }
    if (count > 0) ink_stroke(h, stroke, count, depth);
    count = 0;
    if (glyph->x == END_X) return;
  }
}

/* Grey of each pixel from how deep it lies in the ink, with the noise of
   paper and scanner. */
static void develop(const hand *h, dice *d, const double *depth,
                    uint8_t *pixels) {
  for (int i = 0; i < PIXELS; i += 2) {
    uint32_t word = roll(d); /* four bytes: two sums of two, for two pixels */
    for (int k = 0; k < 2; k++, word >>= 16) {
      double t = 0.5 + 0.5 * depth[i + k] / h->soft;
      t = t < 0 ? 0 : t > 1 ? 1 : t;
      double noise = (double)((word & 255) + (word >> 8 & 255)) / 255 - 1;
      double grey = h->ink * t * t * (3 - 2 * t) + h->paper * noise;
      grey = grey < 0 ? 0 : grey > 1 ? 1 : grey;
      pixels[i + k] = (uint8_t)(255 * grey + 0.5);
    }
  }
}

/* One of the ways of writing 'digit'. */
static const spot *choose_glyph(dice *d, int digit) {
  const int rows = (int)(sizeof glyphs / sizeof *glyphs);
  int first = 0, ways = 0;
  while (glyphs[first].digit != digit) first++;
  while (first + ways < rows && glyphs[first + ways].digit == digit) ways++;
  return glyphs[first + (int)(roll(d) % (uint32_t)ways)].points;
}

int peri__digit_draw(uint64_t seed, uint64_t index, uint8_t *pixels) {
  dice d = {.seed = seed, .index = index};
  hand h;
  double depth[PIXELS];
  int digit = (int)(roll(&d) % 10);
  const spot *glyph = choose_glyph(&d, digit);
  for (int i = 0; i < PIXELS; i++) depth[i] = -SIDE;
  choose_hand(&h, &d);
  ink_glyph(&h, &d, glyph, depth);
  develop(&h, &d, depth, pixels);
  return digit;
}

/* einsum.c - einsum, tensordot and inner: what they say becomes a label for
   every dimension; contract.c does the rest. */
#include "contract.h"

/* ---- Sizes ------------------------------------------------------------ */

static const char *label_text(int label, char text[2]) {
  text[0] = (char)(label < 26 ? 'A' + label : 'a' + label - 26);
  text[1] = '\0';
  return label < PERI_LETTERS ? text : "...";
}

static int add_size(peri__contraction *c, int index, int label, int64_t size) {
  char text[2];
  c->seen[label]++;
  if (c->seen[label] == 1 || c->size[label] == 1) c->size[label] = size;
  if (size == c->size[label] || size == 1) return 0;
  return peri__op_fail(c->frame, PERI_ESHAPE,
                       "%s has size %lld in tensor %d, before it had %lld",
                       label_text(label, text), (long long)size, index + 1,
                       (long long)c->size[label]);
}

/* A label that 'o' has twice stands for the diagonal. */
static int take_diagonals(const peri__contraction *c, int index,
                          peri__operand *o) {
  char text[2];
  for (int d = 0; d < o->ndim; d++)
    for (int other = d + 1; o->x && other < o->ndim; other++) {
      if (o->label[d] != o->label[other]) continue;
      int label = o->label[d];
      if (o->x->shape[d] != o->x->shape[other])
        return peri__op_fail(c->frame, PERI_ESHAPE,
                             "%s stands for sizes %lld and %lld of tensor %d",
                             label_text(label, text), (long long)o->x->shape[d],
                             (long long)o->x->shape[other], index + 1);
      peri_diagonal_options options = {.dim1 = d, .dim2 = other};
      o->x = peri_diagonal(o->x, &options);
      peri__drop_label(o, other);
      peri__drop_label(o, d);
      o->label[o->ndim++] = label;
      other = d; /* another label stands here now */
    }
  return c->frame->ctx->status;
}

static int add_operand(peri__contraction *c, int index) {
  peri__operand *o = &c->operand[index];
  for (int d = 0; d < o->ndim; d++)
    if (add_size(c, index, o->label[d], o->x->shape[d]) < 0)
      return c->frame->ctx->status;
  return take_diagonals(c, index, o);
}

/* ---- The equation ----------------------------------------------------- */

typedef struct {
  const char *at;
  int dots; /* most dimensions that dots stand for */
} reader;

static void skip_blanks(reader *r) {
  while (*r->at == ' ') r->at++;
}

/* The next label, PERI_LETTERS for the dots; -1 at the end of a term. */
static int next_label(reader *r) {
  skip_blanks(r);
  char at = *r->at;
  if (at >= 'A' && at <= 'Z') return r->at++, at - 'A';
  if (at >= 'a' && at <= 'z') return r->at++, at - 'a' + 26;
  if (strncmp(r->at, "...", 3) == 0) return r->at += 3, PERI_LETTERS;
  return -1;
}

static int bad_equation(const peri__contraction *c, const char *what) {
  return peri__op_fail(c->frame, PERI_EARG, "equation \"%.80s\" %s",
                       c->frame->value[0].s, what);
}

/* Labels of one term into a list. -> how many, or a status */
static int read_term(const peri__contraction *c, reader *r, int *list,
                     int room) {
  int count = 0, label, dots = 0;
  while ((label = next_label(r)) >= 0) {
    if (count == room)
      return bad_equation(c, "names more dimensions than a tensor has");
    dots += label == PERI_LETTERS;
    list[count++] = label;
  }
  if (dots > 1) return bad_equation(c, "has dots twice in a term");
  return count;
}

static int misses_dims(const peri__contraction *c, int index, int count,
                       bool dots) {
  peri_text shape = peri__shape_of(c->frame->in[index]);
  return peri__op_fail(c->frame, PERI_ESHAPE,
                       "the equation names %s%d dimensions of tensor %d, its "
                       "shape is %s",
                       dots ? "at least " : "", count, index + 1, shape.s);
}

/* Give operand 'index' the labels of its term. */
static int read_operand(peri__contraction *c, reader *r, int index) {
  int list[PERI_MAX_DIMS + 1];
  peri__operand *o = &c->operand[index];
  o->x = c->frame->in[index];
  o->ndim = 0;
  int count = read_term(c, r, list, PERI_MAX_DIMS + 1), dots = 0;
  if (count < 0) return count;
  for (int i = 0; i < count; i++) dots += list[i] == PERI_LETTERS;
  int rest = o->x->ndim - (count - dots);
  if (rest < 0 || (rest > 0 && !dots))
    return misses_dims(c, index, count - dots, dots);
  for (int i = 0; i < count; i++) {
    if (list[i] != PERI_LETTERS) o->label[o->ndim++] = list[i];
    for (int k = 0; list[i] == PERI_LETTERS && k < rest; k++)
      o->label[o->ndim++] = PERI_LABELS - rest + k;
  }
  if (dots && rest > r->dots) r->dots = rest;
  return add_operand(c, index);
}

/* Put 'label' into the result. */
static int keep(peri__contraction *c, int label) {
  char text[2];
  if (c->nout == PERI_MAX_DIMS)
    return peri__op_fail(c->frame, PERI_ESHAPE,
                         "the result has more than %d dimensions",
                         PERI_MAX_DIMS);
  if (c->kept[label])
    return peri__op_fail(c->frame, PERI_EARG, "%s comes twice in the result",
                         label_text(label, text));
  if (!c->seen[label])
    return peri__op_fail(c->frame, PERI_EARG,
                         "%s is in the result but in no tensor",
                         label_text(label, text));
  c->kept[label] = true;
  c->out[c->nout++] = label;
  return 0;
}

static int keep_dots(peri__contraction *c, const reader *r) {
  int status = 0;
  for (int k = PERI_LABELS - r->dots; status == 0 && k < PERI_LABELS; k++)
    status = keep(c, k);
  return status;
}

/* After "->": the labels of the result. */
static int read_result(peri__contraction *c, reader *r) {
  int list[PERI_MAX_DIMS + 1], status = 0;
  int count = read_term(c, r, list, PERI_MAX_DIMS + 1);
  if (count < 0) return count;
  for (int i = 0; status == 0 && i < count; i++)
    status = list[i] == PERI_LETTERS ? keep_dots(c, r) : keep(c, list[i]);
  skip_blanks(r);
  if (status == 0 && *r->at != '\0')
    return bad_equation(c,
                        "has something after the result; it takes letters, "
                        "commas, ... and ->");
  return status;
}

/* No arrow: the dots, then what comes once, in the order of the alphabet. */
static int imply_result(peri__contraction *c, const reader *r) {
  int status = keep_dots(c, r);
  for (int label = 0; status == 0 && label < PERI_LETTERS; label++)
    if (c->seen[label] == 1) status = keep(c, label);
  return status;
}

static int read_equation(peri__contraction *c) {
  reader r = {.at = c->frame->value[0].s};
  for (int i = 0; i < c->frame->nin; i++) {
    int status = read_operand(c, &r, i);
    if (status < 0) return status;
    bool last = i + 1 == c->frame->nin;
    if (!last && *r.at != ',')
      return peri__op_fail(c->frame, PERI_EARG,
                           "equation \"%.80s\" has %d terms for %d tensors",
                           c->frame->value[0].s, i + 1, c->frame->nin);
    if (!last) r.at++;
  }
  if (r.at[0] == '-' && r.at[1] == '>') {
    r.at += 2;
    return read_result(c, &r);
  }
  if (*r.at == ',') return bad_equation(c, "has more terms than tensors");
  if (*r.at != '\0')
    return bad_equation(c, "takes letters, commas, ... and ->");
  return imply_result(c, &r);
}

/* ---- The operations --------------------------------------------------- */

/* One dtype, one that sums in itself. */
static int check_dtypes(const peri_frame *frame) {
  const peri_tensor *first = frame->in[0];
  for (int i = 0; i < frame->nin; i++)
    if (frame->in[i]->dtype != first->dtype)
      return peri__op_fail(frame, PERI_EDTYPE,
                           "tensor %d is %s, the first is %s; convert one "
                           "with to",
                           i + 1, peri_dtype_name(frame->in[i]->dtype),
                           peri_dtype_name(first->dtype));
  if (first->dtype != PERI_BOOL) return 0;
  return peri__op_fail(frame, PERI_EDTYPE,
                       "tensors of bool have no sums; convert them with to");
}

static int begin(peri__contraction *c, const peri_frame *frame) {
  memset(c, 0, sizeof *c);
  c->frame = frame;
  c->count = frame->nin;
  c->operand = peri__alloc(frame->ctx, (size_t)frame->nin * sizeof *c->operand);
  return c->operand ? check_dtypes(frame) : (int)frame->ctx->status;
}

static int finish(peri__contraction *c, peri_frame *frame, int status) {
  if (status == 0) frame->y[0] = peri__contract(c);
  peri__free(frame->ctx, c->operand);
  return status == 0 ? (int)frame->ctx->status : status;
}

int peri__einsum_forward(peri_frame *frame) {
  peri__contraction c;
  int status = begin(&c, frame);
  if (status == 0) status = read_equation(&c);
  return finish(&c, frame, status);
}

/* Label the dimensions of both tensors with numbers of their own. */
static int begin_pair(peri__contraction *c, const peri_frame *frame) {
  int status = begin(c, frame);
  if (status < 0) return status;
  for (int i = 0; i < 2; i++) {
    peri__operand *o = &c->operand[i];
    o->x = frame->in[i];
    o->ndim = o->x->ndim;
    for (int d = 0; d < o->ndim; d++) o->label[d] = i * PERI_MAX_DIMS + d;
  }
  return 0;
}

/* Sum the paired labels; the others are the result, in their order. */
static int finish_pair(peri__contraction *c, peri_frame *frame) {
  int status = 0;
  for (int i = 0; status == 0 && i < 2; i++) status = add_operand(c, i);
  for (int i = 0; status == 0 && i < 2; i++)
    for (int d = 0; status == 0 && d < frame->in[i]->ndim; d++)
      if (c->seen[i * PERI_MAX_DIMS + d] == 1)
        status = keep(c, i * PERI_MAX_DIMS + d);
  return finish(c, frame, status);
}

/* Sum dimension 'da' of a with 'db' of b. */
static int pair_dims(peri__contraction *c, int64_t da, int64_t db) {
  peri__operand *a = &c->operand[0], *b = &c->operand[1];
  int64_t sa = a->x->shape[da], sb = b->x->shape[db];
  int base = c->frame->base;
  if (sa != sb && sa != 1 && sb != 1) {
    peri_text ta = peri__shape_of(a->x), tb = peri__shape_of(b->x);
    return peri__op_fail(c->frame, PERI_ESHAPE,
                         "dimension %d of a, %s, and %d of b, %s, differ",
                         (int)da + base, ta.s, (int)db + base, tb.s);
  }
  b->label[db] = a->label[da];
  return 0;
}

/* Entry 'given' of dims as a dimension of 'x' from 0. -> or a status */
static int dim_of(const peri_frame *frame, const peri_tensor *x,
                  int64_t given) {
  int64_t dim = peri__place(given, frame->base, x->ndim);
  if (dim >= 0) return (int)dim;
  peri_text shape = peri__shape_of(x);
  return peri__op_fail(frame, PERI_EINDEX,
                       "dims names dimension %lld, a tensor has shape %s",
                       (long long)given, shape.s);
}

/* The dimensions that dims, a number or those of a and then as many of b,
   says to sum. -> how many, or a status */
static int read_dims(const peri_frame *frame, int *da, int *db) {
  static const int64_t two = 2;
  const peri_value *dims = &frame->value[0];
  const peri_tensor *a = frame->in[0], *b = frame->in[1];
  bool absent = dims->type == PERI_P_END, number = absent || dims->count == 1;
  const int64_t *list = absent ? &two : dims->many;
  int64_t count = number ? list[0] : dims->count / 2;
  if (!number && dims->count % 2 != 0)
    return peri__op_fail(frame, PERI_EARG,
                         "dims must be a number or two lists of equal length");
  if (count < 0 || count > a->ndim || count > b->ndim)
    return peri__op_fail(frame, PERI_ESHAPE,
                         "dims sums %lld dimensions, a has %d and b has %d",
                         (long long)count, a->ndim, b->ndim);
  for (int i = 0; i < count; i++) {
    da[i] = number ? a->ndim - (int)count + i : dim_of(frame, a, list[i]);
    db[i] = number ? i : dim_of(frame, b, list[count + i]);
    if (da[i] < 0 || db[i] < 0) return frame->ctx->status;
  }
  return (int)count;
}

static int pair_all(peri__contraction *c, const peri_frame *frame) {
  int da[PERI_MAX_DIMS], db[PERI_MAX_DIMS], status = 0;
  int count = read_dims(frame, da, db);
  for (int i = 0; i < count; i++)
    for (int k = 0; k < i; k++)
      if (da[i] == da[k] || db[i] == db[k])
        return peri__op_fail(frame, PERI_EINDEX,
                             "dims names a dimension twice");
  for (int i = 0; status == 0 && i < count; i++)
    status = pair_dims(c, da[i], db[i]);
  return count < 0 ? count : status;
}

int peri__tensordot_forward(peri_frame *frame) {
  peri__contraction c;
  int status = begin_pair(&c, frame);
  if (status == 0) status = pair_all(&c, frame);
  return status == 0 ? finish_pair(&c, frame) : finish(&c, frame, status);
}

/* Over the last dimensions; a single number multiplies. */
int peri__inner_forward(peri_frame *frame) {
  const peri_tensor *a = frame->in[0], *b = frame->in[1];
  peri__contraction c;
  bool single = a->ndim == 0 || b->ndim == 0;
  if (!single && a->shape[a->ndim - 1] != b->shape[b->ndim - 1]) {
    peri_text ta = peri__shape_of(a), tb = peri__shape_of(b);
    return peri__op_fail(frame, PERI_ESHAPE,
                         "a of shape %s and b of shape %s differ in their last "
                         "size",
                         ta.s, tb.s);
  }
  int status = begin_pair(&c, frame);
  if (status == 0 && !single) status = pair_dims(&c, a->ndim - 1, b->ndim - 1);
  return status == 0 ? finish_pair(&c, frame) : finish(&c, frame, status);
}

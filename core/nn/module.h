/* module.h - the struct behind a module, for the files of this folder.

     module --- slots in order of assignment, each a share of
        |         a tensor: parameter or buffer
        |         a child module
        '--- its kind: a row of layers.def with values, or a host's class

   A module may stand at several places of a tree, but never inside itself.
   Every recursion over modules is bounded: a tree whose ways down are longer
   than PERI_MAX_MODULE_DEPTH is refused when it is put together. */
#ifndef PERI_NN_MODULE_H
#define PERI_NN_MODULE_H

#include "../internal.h"

struct peri_module {
  peri_context *ctx;
  int64_t refs;
  peri_module *next, *previous;      /* all modules of the context */
  const peri_layer *layer;           /* NULL: of the class 'type' */
  const peri_op *op;                 /* that the layer is, once it has run */
  peri_class type;                   /* its name is a copy */
  peri_value value[PERI_MAX_PARAMS]; /* positions counted from 'base' */
  int base;
  bool training;
  peri_slot *slot;
  int count, room; /* of slots */
  int level;       /* no way from above is longer than this */
  int height;      /* longest way down, valid in walk 'seen' */
  uint64_t seen;   /* last walk that met it */
};

/* A walk over everything below a module, depth first, each tensor and module
   once. 'visit' returns false to end it. */
typedef struct peri__tour {
  bool (*visit)(struct peri__tour *tour, const peri_slot *slot);
  void *user;
  char *path; /* of the slot, "block.fc.weight", cut at 'room' bytes */
  size_t room;
  size_t length; /* of the whole path */
  uint64_t stamp;
} peri__tour;

/* -> false if a visit ended the walk */
bool peri__walk(peri__tour *tour, const peri_module *module);

#define PERI_TITLE_BYTES 64
/* The class as errors and printing show it, "nn.Linear". -> title */
const char *peri__module_title(const peri_module *module,
                               char title[PERI_TITLE_BYTES]);

/* The default of parameter 'index', positions counted from the base. */
peri_value peri__module_default(const peri_module *module, int index);

/* True if 'module' is a Linear that may compute the activation 'next' along
   with its own output: float32 and float64, where nothing is rounded between
   the two. */
bool peri__takes_along(const peri_module *module, const peri_module *next);
/* The forward of both in one. -> 1 or a status */
int peri__Linear_active(peri_module *module, const peri_module *next,
                        peri_tensor *const *in, int nin, peri_tensor **out);

/* The hooks of the rows. */
#define PERI_INIT(Name) int peri__##Name##_init(peri_module *module);
#define PERI_FORWARD(Name) \
  int peri__##Name##_forward(peri_module *module, peri_tensor *const *in, \
                             int nin, peri_tensor **out, int room);
#define LAYER(Name, params, doc) PERI_INIT(Name) PERI_FORWARD(Name)
#define OP_LAYER(Name, op, params, doc)
#define CONTAINER(Name, doc) PERI_FORWARD(Name)
#include "layers.def"
#undef LAYER
#undef OP_LAYER
#undef CONTAINER

#endif

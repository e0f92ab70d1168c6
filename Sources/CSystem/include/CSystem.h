#ifndef RNND_CSYSTEM_H
#define RNND_CSYSTEM_H
// What Swift's own system modules cannot see. Header only: every function is inlined into its Swift caller.
#endif

/// The kernels as plain loops: what each one means, and the oracle that its fast form is tested against.
///
/// Nothing here is meant to be fast. Sums run in `Double`, so that a difference from a fast form is the fast form's own
/// rounding.
package enum Reference {}

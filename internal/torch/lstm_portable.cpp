// The LSTM's kernels for any processor, with vectors of 16 bytes.
#define ABSA_VARIANT portable
#define ABSA_BYTES 16
#define ABSA_FORWARD_ROWS 3
#define ABSA_BACKWARD_ROWS 6
#include "lstm_kernel_impl.h"

namespace absa {

static bool runs() { return true; }

const Variant lstm_portable = {"portable", runs, portable::kernel<float>(), portable::kernel<double>()};

} // namespace absa

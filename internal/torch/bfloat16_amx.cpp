// Products in bfloat16 for processors with AMX: tdpbf16ps multiplies a tile of 16
// rows by 16 pairs with one of 16 pairs by 16 columns.
#include "bfloat16.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

#pragma GCC push_options
#pragma GCC target("amx-tile,amx-bf16")
namespace absa {

// Palette 1: each of the 8 tiles has 16 rows of 64 bytes. It is static because GCC
// does not see that _tile_loadconfig reads all of it.
struct alignas(64) Tiles {
  uint8_t palette, start, reserved[14];
  uint16_t bytes[16];
  uint8_t rows[16];
};
static const Tiles tiles = {
    1, 0, {}, {64, 64, 64, 64, 64, 64, 64, 64}, {16, 16, 16, 16, 16, 16, 16, 16}};

static void amx_rows(int64_t depth, int64_t blocks, const uint32_t *a, const uint32_t *b, float *c) {
  _tile_loadconfig(&tiles);
  const int64_t a_row = depth * 4, b_row = 32 * 4, c_row = blocks * 32 * 4; // bytes
  for (int64_t at = 0; at < blocks; at++, b += depth * 32, c += 32) {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (int64_t p = 0; p < depth; p += 16) {
      _tile_loadd(4, a + p, a_row);
      _tile_loadd(5, a + 16 * depth + p, a_row);
      _tile_loadd(6, b + p * 32, b_row);
      _tile_loadd(7, b + p * 32 + 16, b_row);
      _tile_dpbf16ps(0, 4, 6);
      _tile_dpbf16ps(1, 4, 7);
      _tile_dpbf16ps(2, 5, 6);
      _tile_dpbf16ps(3, 5, 7);
    }
    _tile_stored(0, c, c_row);
    _tile_stored(1, c + 16, c_row);
    _tile_stored(2, c + 16 * blocks * 32, c_row);
    _tile_stored(3, c + 16 * blocks * 32 + 16, c_row);
  }
  _tile_release();
}

} // namespace absa
#pragma GCC pop_options

namespace absa {

// runs also asks the kernel for the tiles, which it gives to the whole process.
static bool runs() {
  unsigned eax, ebx, ecx, edx;
  constexpr unsigned needed = 1u << 22 | 1u << 24; // AMX-BF16, AMX-TILE
  if (!__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) || (edx & needed) != needed)
    return false;
  constexpr long request_permission = 0x1023, tile_data = 18; // of arch_prctl
  return syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
}

const Bfloat16 bfloat16_amx = {"amx", runs, amx_rows};

} // namespace absa
#else
namespace absa {
const Bfloat16 bfloat16_amx = {"amx", [] { return false; }, nullptr};
}
#endif

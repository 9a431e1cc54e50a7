#include "core/loop/entropy.h"

#include <sys/random.h>

#include <cerrno>

#include "core/model/error.h"

namespace convoke {

std::uint64_t entropy_seed() {
  std::uint64_t seed = 0;
  ssize_t got = -1;
  do {
    got = getrandom(&seed, sizeof seed, 0);
  } while (got < 0 && errno == EINTR);
  ENSURE(got == sizeof seed);
  return seed;
}

}  // namespace convoke

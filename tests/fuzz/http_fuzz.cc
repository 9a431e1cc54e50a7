// libFuzzer: any bytes, cut anyhow, tell the handler and the client the same, and leave nothing
// behind. A file of the corpus is what a client sends.
#include "tests/http/conversation.h"

namespace {

std::uint64_t seed_from(std::string_view bytes) {
  std::uint64_t hash = 1469598103934665603ULL;  // FNV-1a: the cuts follow from the bytes
  for (const char byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 1099511628211ULL;
  return hash;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace convoke::http;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  convoke::Rng rng = convoke::Rng::seeded(seed_from(bytes));
  const Conversation whole = converse({bytes}, Answers::kAtOnce);
  ENSURE(whole.connections_left == 0 && whole.exchanges_left == 0);
  ENSURE(converse(cut_at_random(bytes, rng), Answers::kAtOnce) == whole);
  ENSURE(converse(cut_at_random(bytes, rng), Answers::kLater) == whole);
  return 0;
}

#include "queue/redis/script.h"

#include <openssl/evp.h>

#include <array>
#include <memory>
#include <utility>

#include "core/model/error.h"

namespace convoke::redis {
namespace {

constexpr std::uint32_t kNameAndScript = 2;  // the arguments before the number of keys

std::string sha1_of(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  ENSURE(EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr) == 1);
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (unsigned i = 0; i < size; ++i) {
    hex += kDigits[digest[i] >> 4];
    hex += kDigits[digest[i] & 15];
  }
  return hex;
}

}  // namespace

Script::Script(std::string_view text) : text_(text), sha1_(sha1_of(text)) {}

Command Script::load() const { return Command("SCRIPT").arg("LOAD").arg(text_); }

Command Script::call(std::uint32_t keys) const { return Command("EVALSHA").arg(sha1_).arg(keys); }

Command by_text(const Script& script, const Command& call) {
  return std::move(Command("EVAL").arg(script.text()).args_of(call, kNameAndScript));
}

void send_call(Pipeline& connection, const Script& script, Command call,
               Pipeline::Handler handler) {
  const auto kept = std::make_shared<const Command>(std::move(call));
  connection.send(*kept, [&connection, &script, kept, then = std::move(handler)](const Answer& it) {
    if (!it.reply.is_error("NOSCRIPT")) return then(it);
    connection.send(by_text(script, *kept), then);
  });
}

}  // namespace convoke::redis

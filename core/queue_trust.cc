#include "core/queue_trust.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <string>

#include "core/loop/file.h"
#include "core/loop/secret_file.h"

namespace convoke {
namespace {

constexpr std::size_t kPemBytesMax = 4UL
                                     << 20;  // the bundle of all public CAs is a twentieth of it
constexpr std::size_t kKeyBytesMax = 64UL << 10;

using Trust = std::shared_ptr<const tls::Client>;

Error invalid(std::string why) { return {ErrorCode::kInvalidArgument, std::move(why)}; }

Result<std::string> read_pem(const std::string& path) {
  if (path.empty()) return std::string();
  const auto file = File::open(path, O_RDONLY | O_NONBLOCK);  // a pipe would wait for its writer
  if (!file) return file.error();
  auto text = (*file)->read_at(0, kPemBytesMax + 1);
  if (text && text->size() > kPemBytesMax) {
    return invalid(fmt::format("{} is larger than {} bytes", path, kPemBytesMax));
  }
  if (text && text->empty()) return invalid(path + " is empty");
  return text;
}

Result<void> check(const EngineOptions& options, bool tls) {
  const bool cert = !options.queue_certificate_file.empty();
  const bool key = !options.queue_key_file.empty();
  if (!tls && (cert || key || !options.queue_ca_file.empty())) {
    return invalid("--queue-ca, --queue-cert and --queue-key are for --queue rediss://...");
  }
  if (cert != key) return invalid("--queue-cert and --queue-key go together: both or neither");
  return {};
}

}  // namespace

Result<Trust> queue_trust(const EngineOptions& options, bool tls) {
  if (auto checked = check(options, tls); !checked) return checked.error();
  if (!tls) return Trust();
  auto authorities = read_pem(options.queue_ca_file);
  if (!authorities) return authorities.error();
  auto certificate = read_pem(options.queue_certificate_file);
  if (!certificate) return certificate.error();
  std::string key;
  if (!options.queue_key_file.empty()) {
    auto secret = read_secret_file(options.queue_key_file, kKeyBytesMax);
    if (!secret) return secret.error();
    key = *std::move(secret);
  }
  auto trust =
      tls::Client::make({*std::move(authorities), *std::move(certificate), std::move(key)});
  if (trust) return trust;
  return invalid("TLS to the queue's server: " + trust.error().message);
}

}  // namespace convoke

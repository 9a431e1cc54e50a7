#include "queue/redis/command.h"

#include "core/model/error.h"

namespace convoke::redis {
namespace {

constexpr std::string_view kEnd = "\r\n";

// "$12\r\n" or "*3\r\n", on the stack.
class Prefix {
 public:
  Prefix(char kind, std::size_t count) {
    bytes_[0] = kind;
    char* end = std::to_chars(bytes_.data() + 1, bytes_.data() + bytes_.size() - 2, count).ptr;
    *end++ = '\r';
    *end++ = '\n';
    size_ = static_cast<std::size_t>(end - bytes_.data());
  }
  [[nodiscard]] std::string_view view() const { return {bytes_.data(), size_}; }

 private:
  std::array<char, 24> bytes_;
  std::size_t size_;
};

// Of "$3\r\nkey\r\n...".
std::size_t encoded_size_of_first(std::string_view args) {
  std::size_t size = 0;
  const char* digits_end = std::from_chars(args.data() + 1, args.data() + args.size(), size).ptr;
  return static_cast<std::size_t>(digits_end - args.data()) + kEnd.size() + size + kEnd.size();
}

}  // namespace

Command& Command::arg(std::string_view bytes) {
  encoded_.append(Prefix('$', bytes.size()).view()).append(bytes).append(kEnd);
  ++args_;
  return *this;
}

Command& Command::args_of(const Command& other, std::uint32_t skipped) {
  ENSURE(skipped <= other.args_);
  std::string_view rest = other.encoded_;
  for (std::uint32_t i = 0; i < skipped; ++i) rest.remove_prefix(encoded_size_of_first(rest));
  encoded_.append(rest);
  args_ += other.args_ - skipped;
  return *this;
}

Command& Command::restart(std::string_view name) {
  encoded_.clear();
  args_ = 0;
  return arg(name);
}

std::size_t Command::size() const { return Prefix('*', args_).view().size() + encoded_.size(); }

void Command::append_to(std::string& out) const {
  out.append(Prefix('*', args_).view()).append(encoded_);
}

}  // namespace convoke::redis

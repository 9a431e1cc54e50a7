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

// Takes "key" from "$3\r\nkey\r\n...".
std::string_view take_word(std::string_view& args) {
  std::size_t size = 0;
  const char* digits_end = std::from_chars(args.data() + 1, args.data() + args.size(), size).ptr;
  const std::size_t begin = static_cast<std::size_t>(digits_end - args.data()) + kEnd.size();
  const std::string_view word = args.substr(begin, size);
  args.remove_prefix(begin + size + kEnd.size());
  return word;
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
  for (std::uint32_t i = 0; i < skipped; ++i) take_word(rest);
  encoded_.append(rest);
  args_ += other.args_ - skipped;
  return *this;
}

std::string_view Command::word(std::uint32_t i) const {
  if (i >= args_) return {};
  std::string_view rest = encoded_;
  for (std::uint32_t before = 0; before < i; ++before) take_word(rest);
  return take_word(rest);
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

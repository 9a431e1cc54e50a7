// What a script sees of Redis: its KEYS and ARGV, redis.call, and Lua's ways with what is not
// there.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/redis_stand_in/command_table.h"

namespace convoke::stand_in {

// A word of a command: a text, or a number that becomes one.
struct Word {
  Word(std::string word) : text(std::move(word)) {}  // NOLINT(google-explicit-constructor)
  Word(const char* word) : text(word) {}             // NOLINT(google-explicit-constructor)
  Word(std::int64_t number)                          // NOLINT(google-explicit-constructor)
      : text(std::to_string(number)) {}
  Word(std::size_t number)  // NOLINT(google-explicit-constructor)
      : text(std::to_string(number)) {}
  Word(int number) : text(std::to_string(number)) {}  // NOLINT(google-explicit-constructor)
  std::string text;
};

// That a server has left.
enum class Memory : std::uint8_t { kEnough, kNone };

class Lua {
 public:
  Lua(Data& data, Words keys, Words arguments, std::int64_t now_ms, Memory memory = Memory::kEnough)
      : keys_(std::move(keys)),
        arguments_(std::move(arguments)),
        data_(data),
        now_ms_(now_ms),
        memory_(memory) {}

  // An error ends the script (throws Refusal).
  Value call(std::initializer_list<Word> words) const {
    Value answer = pcall(words);
    if (answer.is_error()) throw Refusal{answer.text};
    return answer;
  }
  Value call(const Words& words) const {
    Value answer = run(words);
    if (answer.is_error()) throw Refusal{answer.text};
    return answer;
  }
  Value pcall(std::initializer_list<Word> words) const {
    Words texts;
    for (const Word& word : words) texts.push_back(word.text);
    return run(texts);
  }

  // From 1 on. What is not there ends the script, as it does in Lua where it is used.
  [[nodiscard]] const std::string& key(std::size_t i) const { return word_at(keys_, i); }
  [[nodiscard]] const std::string& arg(std::size_t i) const { return word_at(arguments_, i); }
  // What it has published: channel and message, in order.
  using Published = std::vector<std::pair<std::string, std::string>>;
  [[nodiscard]] const Published& published() const { return published_; }
  [[nodiscard]] std::size_t args() const { return arguments_.size(); }

 private:
  static const std::string& word_at(const Words& words, std::size_t i) {
    if (i > words.size()) throw Refusal{"ERR user_script: attempt to use a nil value"};
    return words[i - 1];
  }

  // A full server refuses a script whose first write needs memory, and no later one.
  Value run(const Words& words) const {
    if (words[0] == "PUBLISH") {
      published_.emplace_back(words[1], words[2]);
      return integer(0);
    }
    const Access access = access_of(words);
    if (memory_ == Memory::kNone && access == Access::kNeedsMemory && !written_) {
      return error("OOM command not allowed when used memory > 'maxmemory'.");
    }
    written_ = written_ || access != Access::kReads;
    return run_on_data({data_, words, now_ms_});
  }

  Words keys_;
  Words arguments_;
  Data& data_;
  std::int64_t now_ms_;
  Memory memory_;
  mutable bool written_ = false;
  mutable Published published_;
};

// tonumber(text), where it is used as a number: what is none ends the script.
[[nodiscard]] inline std::int64_t to_number(const std::string& text) {
  if (const auto number = parse_integer(text)) return *number;
  throw Refusal{"ERR user_script: attempt to perform arithmetic on a nil value"};
}

// array[i], from 0 on; nullptr: nil.
[[nodiscard]] inline const Value* at(const Value& array, std::size_t i) {
  return i < array.elements.size() ? &array.elements[i] : nullptr;
}

}  // namespace convoke::stand_in

// Which objects are being worked on: of calls that run for an event of an object, its key, from
// when they begin until kRemembered after their end. An object that is written meanwhile, under a
// key that is derived from it (derived_key.h), was written by that call, as far as one can see.
//
// Of several calls that may have written it, those count whose key has the longest stem; of them,
// those that worked at that very moment; of them, the one in whose lineage the function that is now
// called stands least often: too late rather than too early, so that calls of one key that overlap
// do not count each other up. (A function that writes under its key's own stem and runs on for long
// is then cut only when as many of its calls have ended one after the other as there may be
// generations.)
//
// How this can be wrong, besides derived_key.h. Said though it is not so: an object that others
// write again and again, each time while a call works on what they wrote before. Missed: what a
// call writes to another bucket; calls on another engine; events that say no time and come later
// than kRemembered after the end, or that say one by a clock further off than kClocksApart; keys
// beyond kWorksMax, or kWorksOfOneMax, of which those whose calls ended first are forgotten first.
//
// Any thread; locks. Touched only by calls of functions that have triggers of objects.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/model/ids.h"
#include "core/model/instant.h"
#include "core/model/lineage.h"

namespace convoke {

class ObjectWorks {
 public:
  static constexpr std::size_t kWorksMax = 16'384;
  static constexpr std::size_t kWorksOfOneMax = 64;  // keys of one bucket and stem
  static constexpr std::size_t kLooksForLatestMax = 256;
  static constexpr std::size_t kLooksForWriterMax = 512;  // at works, for one write
  static constexpr Seconds kRemembered{60};
  static constexpr Millis kClocksApart{250};  // the store's and ours

  // A key longer than kObjectKeyBytesMax is not kept.
  void begin(const CallId& call, std::string_view bucket, std::string_view key,
             const Lineage& lineage, WallTime now);
  void end(const CallId& call, WallTime now);

  struct Write {
    std::string_view bucket;
    std::string_view key;
    std::optional<WallTime> at;  // nullopt: nobody says
  };
  // The lineage of the call that wrote it; nullopt: none is known.
  [[nodiscard]] std::optional<Lineage> writer_of(const Write& write, FunctionId callee,
                                                 WallTime now) const;

  // The keys of that bucket whose calls ended last, the latest first, for an operator's eyes.
  [[nodiscard]] std::vector<std::string> latest(std::string_view bucket, std::size_t max) const;

  [[nodiscard]] std::size_t size() const;

 private:
  struct Work {
    CallId call;
    std::string place;  // by_place_
    std::string key;
    Lineage lineage;
    WallTime begun;
    std::optional<WallTime> ended;
  };
  using Works = std::list<Work>;

  [[nodiscard]] static std::string place_of(std::string_view bucket, std::string_view core);
  // The better first.
  enum class Fit : std::uint8_t {
    kDuring,  // written while the call worked
    kNear,    // as good as that, by clocks that differ or a notice that says no time
    kNone,
  };
  [[nodiscard]] static Fit fit(const Work& work, const Write& write, WallTime now);
  void forget_ended(WallTime now);
  void forget_oldest();
  [[nodiscard]] bool forget_oldest_of(const std::string& place);  // false: all of them run
  void forget(Works::iterator ended);

  mutable std::mutex lock_;  // of all below
  Works running_;
  Works ended_;                                                     // in the order of their ends
  std::unordered_map<CallId, Works::iterator> by_call_;             // that run
  std::unordered_multimap<std::string, Works::iterator> by_place_;  // BUCKET/CORE
};

}  // namespace convoke

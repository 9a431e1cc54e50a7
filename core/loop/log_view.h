// A LogDir to look at and nothing else: what is asked to change is refused, or is our bug.
//
// Blocking, any one thread. The files that it opens have a size and are never written or read:
// those who only look read through the directory.
#pragma once

#include <string>

#include "core/edge/log_file.h"

namespace convoke {

class LogView final : public LogDir {
 public:
  explicit LogView(std::string path) : path_(std::move(path)) {}

  // None where the directory is missing.
  [[nodiscard]] Result<std::vector<std::string>> list() override;
  // ServiceUnavailable where this user may not write the file: an engine has to.
  [[nodiscard]] Result<std::unique_ptr<LogFile>> open(const std::string& name,
                                                      std::uint64_t end) override;
  [[nodiscard]] Result<std::string> read_all(const std::string& name) override;
  [[nodiscard]] Result<std::string> read(const std::string& name, std::uint64_t offset,
                                         std::size_t size) override;

  [[nodiscard]] Result<std::unique_ptr<LogFile>> create(const std::string& name,
                                                        std::uint64_t reserve) override;
  void create_async(const std::string& name, std::uint64_t reserve, Created created) override;
  [[nodiscard]] Result<void> sync(const std::string& name) override;  // left as it is
  [[nodiscard]] Result<void> remove(const std::string& name) override;
  void remove_async(const std::string& name) override;
  [[nodiscard]] Result<void> rename(const std::string& from, const std::string& to) override;
  [[nodiscard]] Result<std::unique_ptr<ScratchFile>> scratch() override;
  [[nodiscard]] Result<void> replace(const std::string& name, std::string_view content) override;

 private:
  [[nodiscard]] std::string path_of(const std::string& name) const { return path_ + "/" + name; }
  [[nodiscard]] Error refused() const;

  std::string path_;
};

}  // namespace convoke

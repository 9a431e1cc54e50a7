// LogDir and LogFile on a real directory.
//
// Two IoThreads: one for what calls wait for (syncs, reads), in order; one for what only prepares
// or tidies up (create_async, remove_async), so that preallocating a segment never stands before a
// sync. Both outlive the LogDir and its files, and so does what keeps room free on the disk. The
// LogDir's other calls block.
#pragma once

#include <memory>
#include <string>

#include "core/edge/io_thread.h"
#include "core/edge/log_file.h"
#include "core/loop/disk_reserve.h"

namespace convoke {

class DiskLogDir final : public LogDir {
 public:
  // Makes the directory if it is missing (its parent must be there), readable by its owner alone.
  [[nodiscard]] static Result<std::unique_ptr<DiskLogDir>> open(std::string path, IoThread& syncing,
                                                                IoThread& preparing,
                                                                DiskReserve& kept);
  ~DiskLogDir() override;
  DiskLogDir(const DiskLogDir&) = delete;
  DiskLogDir& operator=(const DiskLogDir&) = delete;

  [[nodiscard]] Result<std::vector<std::string>> list() override;
  [[nodiscard]] Result<std::unique_ptr<LogFile>> create(const std::string& name,
                                                        std::uint64_t reserve) override;
  [[nodiscard]] Result<std::unique_ptr<LogFile>> open(const std::string& name,
                                                      std::uint64_t end) override;
  void create_async(const std::string& name, std::uint64_t reserve, Created created) override;
  [[nodiscard]] Result<std::string> read_all(const std::string& name) override;
  [[nodiscard]] Result<std::string> read(const std::string& name, std::uint64_t offset,
                                         std::size_t size) override;
  [[nodiscard]] Result<void> sync(const std::string& name) override;
  [[nodiscard]] Result<void> remove(const std::string& name) override;
  void remove_async(const std::string& name) override;
  [[nodiscard]] Result<void> rename(const std::string& from, const std::string& to) override;
  [[nodiscard]] Result<std::unique_ptr<ScratchFile>> scratch() override;
  [[nodiscard]] Result<void> replace(const std::string& name, std::string_view content) override;

 private:
  DiskLogDir(std::string path, IoThread& syncing, IoThread& preparing, DiskReserve& kept);
  [[nodiscard]] std::string path_of(const std::string& name) const;

  std::string path_;
  IoThread& syncing_;
  IoThread& preparing_;
  DiskReserve& kept_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // completions hold it weakly
};

}  // namespace convoke

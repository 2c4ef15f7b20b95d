# The formula for a tap. A release replaces `url` and `sha256`; see docs/RELEASING.md.
class WorkflowServer < Formula
  desc "Run LLM workflows as a service, with live event streams and a web page"
  homepage "https://github.com/example/workflow-runner"
  url "https://github.com/example/workflow-runner/archive/refs/tags/v0.1.0.tar.gz"
  sha256 "0000000000000000000000000000000000000000000000000000000000000000"
  license any_of: ["Apache-2.0", "MIT"]

  depends_on "rust" => :build

  def install
    system "cargo", "install", *std_cargo_args(path: "examples/server")
    generate_completions_from_executable(bin/"workflow-server", "completions")
    man1.mkpath
    system bin/"workflow-server", "man", man1
  end

  # Keys and settings are in the file that the caveats name.
  service do
    run [opt_bin/"workflow-server", "--env-file", etc/"workflow-server.env"]
    keep_alive crashed: true
    working_dir var/"workflow-server"
    log_path var/"log/workflow-server.log"
    error_log_path var/"log/workflow-server.log"
  end

  def post_install
    (var/"workflow-server").mkpath
  end

  def caveats
    <<~EOS
      `brew services start workflow-server` reads settings from #{etc}/workflow-server.env, which must exist, for example:
        GEMINI_API_KEY=...
      Workflows and runs are stored in #{var}/workflow-server/workflow-data.
    EOS
  end

  test do
    (testpath/"flow.json").write '{"nodes": [{"id": "a", "type": "LLMNode", "data": {"prompt": "{{ input }}"}}]}'
    refute_empty shell_output("#{bin}/workflow-server run flow.json --simulate --input tides")
    assert_match version.to_s, shell_output("#{bin}/workflow-server --version")
  end
end

import { Argument, Command } from "commander";

/** What a shell needs to complete the other name of the program as well; the library knows one. */
const otherName = {
  zsh: "compdef _relay openai-relay",
  fish: "complete -c openai-relay --wraps relay",
  powershell:
    "Register-ArgumentCompleter -CommandName 'openai-relay' -ScriptBlock $__relayCompleterBlock",
};

type Shell = "bash" | keyof typeof otherName;

export const completion = new Command("completion")
  .description("Print a script that lets a shell complete commands, flags and values")
  .addArgument(
    new Argument("<shell>", "bash, zsh, fish or powershell").choices([
      "bash",
      ...Object.keys(otherName),
    ]),
  )
  .addHelpText(
    "after",
    `
The script asks "relay" for every completion, so it stays right when the relay is updated.

Examples:
  eval "$(relay completion bash)"            in ~/.bashrc
  eval "$(relay completion zsh)"             in ~/.zshrc, after compinit
  relay completion fish | source             in ~/.config/fish/config.fish
  relay completion powershell | Out-String | Invoke-Expression
                                             in $PROFILE`,
  )
  .action(async (shell: Shell) => {
    if (shell === "bash") {
      const { bashScript } = await import("../completion/bash.ts");
      process.stdout.write(bashScript);
      return;
    }
    const { script } = await import("@bomb.sh/tab");
    script(shell, "relay", "relay");
    process.stdout.write(`${otherName[shell]}\n`);
  });

-- Neovim 0.11 or later: put this file into ~/.config/nvim/plugin/.
vim.filetype.add({ extension = { wsban = "wsban" } })

vim.lsp.config("wsban", {
  cmd = { "wsban", "lsp" },
  filetypes = { "wsban" },
  root_markers = { ".git" },
})
vim.lsp.enable("wsban")

-- With the parser of editors/tree-sitter, colours are there before the server answers. Without it, the server alone gives them.
vim.api.nvim_create_autocmd("FileType", {
  pattern = "wsban",
  callback = function(event)
    vim.bo[event.buf].commentstring = "// %s"
    if vim.treesitter.language.add("wsban") then
      vim.treesitter.start(event.buf, "wsban")
    end
  end,
})

-- Neovim shows a sign and an underline, and no message, unless it is configured to. Where nothing else shows messages, they stand at
-- the end of their lines; `vim.g.wsban_messages = false` turns that off.
local function show_messages(client)
  local general = vim.diagnostic.config() or {}
  if general.virtual_text or general.virtual_lines or vim.g.wsban_messages == false then
    return
  end
  vim.diagnostic.config({ virtual_text = true }, vim.lsp.diagnostic.get_namespace(client.id))
end

vim.api.nvim_create_autocmd("LspAttach", {
  callback = function(event)
    local client = vim.lsp.get_client_by_id(event.data.client_id)
    if client == nil or client.name ~= "wsban" then
      return
    end
    show_messages(client)
    vim.lsp.inlay_hint.enable(true, { bufnr = event.buf })
    vim.lsp.completion.enable(true, client.id, event.buf, { autotrigger = true })
  end,
})

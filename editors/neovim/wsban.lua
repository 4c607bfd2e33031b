-- Neovim 0.11 or later: put this file into ~/.config/nvim/plugin/. Colours come from the language server.
vim.filetype.add({ extension = { wsban = "wsban" } })

vim.lsp.config("wsban", {
  cmd = { "wsban", "lsp" },
  filetypes = { "wsban" },
  root_markers = { ".git" },
})
vim.lsp.enable("wsban")

vim.api.nvim_create_autocmd("LspAttach", {
  callback = function(event)
    local client = vim.lsp.get_client_by_id(event.data.client_id)
    if client == nil or client.name ~= "wsban" then
      return
    end
    vim.bo[event.buf].commentstring = "// %s"
    vim.lsp.inlay_hint.enable(true, { bufnr = event.buf })
    vim.lsp.completion.enable(true, client.id, event.buf, { autotrigger = true })
  end,
})

import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'

// Two pages: the staff console and the family's page. The service serves the result from hub-service/wwwroot.
export default defineConfig({
  plugins: [vue()],
  build: {
    outDir: '../wwwroot',
    emptyOutDir: true,
    // No inlined data: the content security policy allows this origin only.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: ['index.html', 'family.html'] },
  },
})

import { useRoute } from 'vitepress'
import theme from 'vitepress/theme'
import { nextTick, onMounted, watch } from 'vue'
import './style.css'

/** The front page has no main landmark of its own. */
async function markMain() {
  await nextTick()
  document.querySelector('.VPHome')?.setAttribute('role', 'main')
}

export default {
  extends: theme,
  setup() {
    const route = useRoute()
    onMounted(markMain)
    watch(() => route.path, markMain)
  },
}
